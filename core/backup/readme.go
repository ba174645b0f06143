package backup

import (
	"strings"
	"unicode/utf8"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/view"
	"breakglass/core/words"
)

// readme returns README.txt: first what the owner needs to know, then what the
// new manager does with it.
func (r *run) readme(verdict core.Verdict) string {
	say := func(id string, pairs ...any) string { return newNote(id, pairs...).text(r.order.Lang) }
	lines := []string{
		say("archive.readme.title", "Name", r.order.Name),
		"",
		say("archive.readme.what", "Site", r.order.Site, "Kind", r.site.Kind, "Created", view.Time(r.order.Created, "")),
		say("archive.readme.verdict", "Verdict", view.Verdict(r.order.Lang, verdict)),
	}
	for _, note := range r.findings.all() {
		lines = append(lines, "  - "+note)
	}
	lines = append(lines, "", say("archive.readme.owner"), "", say("archive.readme.secrets"))
	if r.order.Call != "" {
		lines = append(lines, "", say("archive.readme.call", "Call", r.order.Call))
	}
	lines = append(lines, "", say("archive.readme.manager"), "", say("archive.readme.unpack", "Size", view.Size(r.order.Lang, r.bytes)), "",
		"    "+r.engine.options.Format.Unpack()+" "+r.order.Name+r.engine.Extension(), "", say("archive.readme.restore"), "", "    sh "+restoreName, "", say("archive.readme.restore_ours"),
		"", "    breakglass restore "+r.order.Name+r.engine.Extension()+" --to DIR "+r.databaseOptions()+" --url https://NEW", "", say("archive.readme.takeover"), "", say("archive.readme.files"))
	if len(r.dumps) > 0 {
		lines = append(lines, "", say("archive.readme.by_hand"))
	}
	for _, d := range r.dumps {
		if d.part == 0 {
			continue // a note above says that it is missing
		}
		lines = append(lines, "", say("archive.readme.database", "Name", d.config.Name, "Server", d.server, "Host", d.config.Host),
			"", "    cat database/"+d.dir+"/*.sql | "+d.loader()+" DATABASE")
	}
	if len(r.beside) > 0 {
		lines = append(lines, "", say("archive.readme.sqlite"))
	}
	lines = append(lines, "", say("archive.readme.check"), "", say("archive.readme.sum"))
	if signer := r.engine.Signer(); signer != "" {
		lines = append(lines, "", say("archive.readme.signature", "Fingerprint", signer, "Host", r.order.Host,
			"Command", words.Verbatim("ssh-keygen -Y check-novalidate -n "+Namespace+" -s MANIFEST.jsonl.sig < MANIFEST.jsonl")))
	} else {
		lines = append(lines, "", say("archive.readme.unsigned"))
	}
	if r.proven {
		lines = append(lines, "", say("archive.readme.proof", "Host", r.order.Host))
	}
	return wrap(strings.Join(lines, "\n")) + "\n"
}

// lineWidth is how long the lines of README.txt become, in letters: some
// editors do not wrap.
const lineWidth = 78

// wrap breaks lines between words. A line that is indented, such as a command,
// stays as it is.
func wrap(text string) string {
	var out strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		if strings.HasPrefix(line, " ") {
			out.WriteString(line)
			continue
		}
		used := 0
		for _, word := range strings.Fields(line) {
			width := utf8.RuneCountInString(word)
			switch {
			case used > 0 && used+1+width > lineWidth:
				out.WriteByte('\n')
				used = 0
			case used > 0:
				out.WriteByte(' ')
				used++
			}
			out.WriteString(word)
			used += width
		}
	}
	return out.String()
}

// databaseOptions are those of breakglass restore: of several dumps each is named.
func (r *run) databaseOptions() string {
	var options []string
	named := map[string]bool{}
	for _, d := range r.dumps {
		name := d.config.Name
		if d.part == 0 {
			continue
		}
		if named[name] { // the same name on another server
			name = d.dir
		}
		named[name] = true
		options = append(options, "--database '"+strings.ReplaceAll(shownLine(name), "'", `'\''`)+"=URL'")
	}
	if len(options) < 2 {
		return "--database URL"
	}
	return strings.Join(options, " ")
}

// loader is the command that loads a dump from its standard input.
func (d *dump) loader() string {
	if d.kind() == detect.Postgres {
		return "psql --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction"
	}
	return "mysql --binary-mode"
}
