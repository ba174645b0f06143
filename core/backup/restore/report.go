package restore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// Report is what a restore did.
type Report struct {
	Name   string `json:"name"`   // of the archive
	Site   string `json:"site"`   // that it is of
	Kind   string `json:"kind"`   // of program
	Target string `json:"target"` // "" for a dry run
	Beside string `json:"beside"` // where the rest of the archive and this report are
	// Databases are the dumps and where they went, or would go in a dry run.
	Databases []Loaded        `json:"databases,omitempty"`
	Signer    string          `json:"signer"`
	Proven    bool            `json:"proven"`
	Verdict   core.Verdict    `json:"verdict"`
	Notes     []string        `json:"notes,omitempty"` // of the backup
	Files     int64           `json:"files"`
	Tables    int64           `json:"tables"`
	Rows      int64           `json:"rows"`
	Bytes     int64           `json:"bytes"`
	URLs      []rewrite.Pair  `json:"urls,omitempty"`
	Replaced  rewrite.Counts  `json:"replaced"`
	Values    *rewrite.Report `json:"values,omitempty"`
	Pointed   []string        `json:"pointed,omitempty"` // in the configuration
	Links     int64           `json:"links_turned"`
	Checks    []Check         `json:"checks,omitempty"`
	Hand      []string        `json:"by_hand,omitempty"` // what is left to a person
}

// take brings the report up to where the restore is.
func (r *Report) take(now *run) {
	k := now.known
	*r = Report{
		Name: k.Name, Site: k.Site, Kind: k.Kind, Signer: k.Signer, Proven: k.Proven, Verdict: k.Verdict, Notes: k.Notes,
		Files: k.Files, Tables: k.Tables, Rows: k.Rows, Bytes: k.Bytes,
	}
	s := now.state
	for _, t := range now.targets {
		if t.dump == nil {
			continue
		}
		l := Loaded{}
		if s != nil {
			l = now.loadOf(s.Loads, t).Loaded
		}
		l.Name, l.Into = t.dump.Name, t.String()
		if l.Rewritten != nil {
			r.Replaced.Add(l.Rewritten.Total)
		}
		r.Databases = append(r.Databases, l)
	}
	if s == nil {
		return
	}
	r.Target, r.Beside, r.URLs, r.Values = s.Target, now.place.beside, s.URLs, s.Values
	r.Pointed, r.Links, r.Checks = s.Pointed, s.Links.Turned, s.Checks
	if s.Values != nil {
		r.Replaced.Add(s.Values.Total)
	}
	r.Hand = append(append([]string(nil), s.Hand...), now.left()...)
}

// left says what nobody but a person can do.
func (r *run) left() (hand []string) {
	l := r.state.Links
	if l.Outs > 0 {
		hand = append(hand, fmt.Sprintf("%d links lead out of the site's directory and were left as they are: %s.", l.Outs, strings.Join(shownAll(l.Out), "; ")))
	}
	if l.Bits > 0 {
		hand = append(hand, fmt.Sprintf("%d files had setuid, setgid or sticky bits, which were not taken over.", l.Bits))
	}
	if n := r.report.Replaced.Left(); n > 0 {
		hand = append(hand, fmt.Sprintf("%d values hold the old address or directory, or may, and could not be changed safely; where a page looks wrong, save it again in the site's own editor.", n))
	}
	for _, d := range r.leftDumps() {
		hand = append(hand, fmt.Sprintf("The dump of “%s” is in %s/%s/%s: load it into a database of its own and name that in its site's configuration.",
			safetext.Line(d.Name), safetext.Path(r.place.beside), archiveDir, safetext.Path(d.Path)))
	}
	if _, err := os.Lstat(filepath.Join(r.place.beside, archiveDir, "outside")); err == nil {
		hand = append(hand, fmt.Sprintf("What lay outside of the old directory is in %s/%s/outside.", safetext.Path(r.place.beside), archiveDir))
	}
	return hand
}

func shownAll(names []string) (shown []string) {
	for _, name := range names {
		shown = append(shown, safetext.Line(safetext.Path(name)))
	}
	return shown
}

// Text is the report as a person reads it.
func (r Report) Text() string {
	var b reportText
	say, list := b.say, b.list
	say("%s of %s (%s), %s", r.Name, r.Site, r.Kind, r.Verdict)
	say("%d files, %d tables, %d rows, %s", r.Files, r.Tables, r.Rows, view.Size("", r.Bytes))
	if r.Target == "" {
		for _, d := range r.Databases {
			say("The dump of “%s” would go to %s", safetext.Line(d.Name), d.Into)
		}
		say("Only looked at: nothing was changed.")
		return b.String()
	}
	say("Files in %s", safetext.Path(r.Target))
	for _, d := range r.Databases {
		say("Database %s, of the dump of “%s”: %d tables, %d rows", d.Into, safetext.Line(d.Name), d.Tables, d.Rows)
	}
	for _, u := range r.URLs {
		say("Address %s, before %s", safetext.Line(u.New), safetext.Line(u.Old))
	}
	b.changes(r)
	var checked []string
	for _, c := range r.Checks {
		checked = append(checked, c.String())
	}
	list("Checked:", checked)
	list("Notes of the backup:", r.Notes)
	list("Left to do by hand:", r.Hand)
	say("\nNext, as the new manager:")
	say("  1. Look at the site in a browser: its front page, a page with pictures, its login.")
	say("  2. Read %s/%s/TAKEOVER.txt: what the server must have, cron lines, mail, and the secrets to change, because whoever had the backup had them.", safetext.Path(r.Beside), archiveDir)
	say("  3. Change those secrets: the passwords of all administrators, the keys and salts, the tokens of other services.")
	say("  4. When all is well, remove %s: it holds what is not for visitors.", safetext.Path(r.Beside))
	return b.String()
}

// reportText is a report that is being written.
type reportText struct{ strings.Builder }

// say adds a line.
func (b *reportText) say(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }

// list adds lines below a title, each to its end, where it says what to do; nothing
// where there are none.
func (b *reportText) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.say("\n%s", title)
	for _, line := range lines {
		b.say("  - %s", safetext.Note(line))
	}
}

// changes says what was changed for the new place.
func (b *reportText) changes(r Report) {
	say, list := b.say, b.list
	if n := r.Replaced; n.Replaced() > 0 {
		say("\nReplaced: %d in %d values: %d plain, %d escaped, %d URL-encoded, %d without a scheme, %d hosts alone, %d directories", n.Replaced(), n.Values, n.Plain, n.Escaped, n.Encoded, n.Relative, n.Hosts, n.Paths)
	}
	if n := r.Replaced; n.Left() > 0 {
		say("Left as it was: %d not readable as what they seem to be, %d base64, %d keys, %d too large", n.Unparsed, n.Base64, n.Keys, n.TooLarge)
	}
	for _, d := range r.Databases {
		of := ""
		if len(r.Databases) > 1 {
			of = " of “" + safetext.Line(d.Name) + "”"
		}
		if d.Rewritten != nil {
			list("By table"+of+":", most(d.Rewritten))
		}
		list("Changed in the dump"+of+" for this server:", d.Mended)
	}
	if r.Values != nil {
		list("By table, in SQLite databases:", most(r.Values))
	}
	list("Changed in the configuration:", r.Pointed)
	if r.Links > 0 {
		say("\n%d links into the old directory point into the new one now.", r.Links)
	}
}

// writeReport keeps the report beside the target.
func (r *run) writeReport() error {
	if err := os.WriteFile(filepath.Join(r.place.beside, reportName), []byte(r.report.Text()), 0o600); err != nil {
		return fmt.Errorf("keep report: %w", err)
	}
	return nil
}
