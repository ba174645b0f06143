package repoint

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/php"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"
)

// wish is what a setting is to be.
type wish struct {
	value  string
	null   bool   // NULL rather than a text
	needed bool   // a file that does not set it is told about
	after  string // a setting behind which it is put where it is missing
}

// wishes are those of a program, by the names of its settings.
type wishes map[string]wish

// needed returns the names of the settings that must be there.
func (w wishes) needed() (names []string) {
	for name, wish := range w {
		if wish.needed {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// edit puts text in the place of the bytes from at up to end.
type edit struct {
	at, end int
	text    string
}

// plan is what is to become of one file.
type plan struct {
	name     string
	src      []byte
	rewriter *rewrite.Rewriter
	edits    []edit
	changes  []Change
	seen     map[string]bool // the settings that the file has
	own      bool            // the program's own database is to be changed in a .env file
	strict   bool            // a database that is not among the moved ones is told about
	settled  bool            // its addresses and directories are the new ones
	// read returns the values of a text, to look at what will be written.
	read func(src []byte) map[string][]string
	want map[string]string
}

func (j *job) newPlan(name string, src []byte) *plan {
	return &plan{
		name: name, src: src, rewriter: j.rewriter, seen: map[string]bool{}, want: map[string]string{},
		strict: len(j.options.Moved) > 0, settled: slices.Contains(j.options.Settled, name),
	}
}

// done plans a change.
func (p *plan) done(at, end int, text, name string) {
	if string(p.src[at:end]) == text {
		return
	}
	p.edits = append(p.edits, edit{at, end, text})
	p.changes = append(p.changes, Change{File: p.name, Line: p.line(at), Name: name, Done: true})
}

// byHand notes what is left to a person.
func (p *plan) byHand(line int, name, why string) {
	p.changes = append(p.changes, Change{File: p.name, Line: line, Name: name, Why: why})
}

// line is the line of a place in the file.
func (p *plan) line(at int) int { return 1 + bytes.Count(p.src[:at], []byte("\n")) }

// result is the file as it will be, and puts the changes in order.
func (p *plan) result() []byte {
	slices.SortStableFunc(p.edits, func(a, b edit) int { return a.at - b.at })
	slices.SortStableFunc(p.changes, func(a, b Change) int { return a.Line - b.Line })
	var out []byte
	at := 0
	for _, e := range p.edits {
		out = append(append(out, p.src[at:e.at]...), e.text...)
		at = e.end
	}
	return append(out, p.src[at:]...)
}

// verify reads what is about to be written and compares it with what was wanted:
// a mistake must not reach the disk.
func (p *plan) verify(text []byte) error {
	values := p.read(text)
	for name, want := range p.want {
		if len(values[name]) == 0 || slices.ContainsFunc(values[name], func(v string) bool { return v != want }) {
			return core.Refuse(core.ErrSite, "%s is written in a way in which %s cannot be changed safely, so it was left as it is; change it by hand.", safetext.Line(p.name), safetext.Line(name))
		}
	}
	return nil
}

// host is an old host and the new one.
type host struct{ old, new, path, newPath string }

// hosts are those of the URLs.
func (j *job) hosts() (hosts []host) {
	for _, pair := range j.options.URLs {
		from, err := url.Parse(pair.Old)
		if err != nil {
			continue // refused before
		}
		to, err := url.Parse(pair.New)
		if err != nil {
			continue
		}
		hosts = append(hosts, host{from.Host, to.Host, slashed(from.Path), slashed(to.Path)})
	}
	return hosts
}

// slashed is a path with a slash at its end.
func slashed(p string) string { return strings.TrimRight(p, "/") + "/" }

// moved returns what a text becomes that is no wish: with its URLs and paths
// rewritten.
func (p *plan) moved(name, text string, hosts []host) (string, bool) {
	if p.settled {
		return text, false
	}
	for _, h := range hosts {
		switch {
		case name == "DOMAIN_CURRENT_SITE" && text == h.old:
			return h.new, h.new != h.old
		case name == "PATH_CURRENT_SITE" && text == h.path:
			return h.newPath, h.newPath != h.path
		}
	}
	out, counts := p.rewriter.Value("", []byte(text))
	moved := string(out)
	for _, h := range hosts {
		moved = movePattern(moved, h)
	}
	return moved, counts.Values > 0 || moved != text
}

// movePattern replaces a host in a regular expression, as Drupal's list of
// trusted hosts has them.
func movePattern(text string, h host) string {
	old := regexp.QuoteMeta(h.old)
	for at := 0; ; {
		i := strings.Index(text[at:], old)
		if i < 0 || old == h.old {
			return text
		}
		i += at
		at = i + len(old)
		if i > 0 && (php.WordByte(text[i-1]) || text[i-1] == '-') || at < len(text) && (php.WordByte(text[at]) || text[at] == '-' || text[at] == '\\') {
			continue
		}
		fresh := regexp.QuoteMeta(h.new)
		text = text[:i] + fresh + text[at:]
		at = i + len(fresh)
	}
}
