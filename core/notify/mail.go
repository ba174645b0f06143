package notify

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/core/words"
)

// mail words a notice for a mailbox: what happened in one sentence, the facts,
// what the role can do and cannot, how to stop it, and the log's checkpoint.
func (f facts) mail(w witness) string {
	if f.drill() {
		return f.drillMail(strings.Join([]string{f.word("opening"), f.table(), f.log(w)}, "\n\n"))
	}
	parts := []string{f.word("opening"), f.table()}
	if role := f.role(); role != "" {
		parts = append(parts, f.text("notify.role."+role))
	}
	parts = append(parts, f.stop(), f.log(w))
	return strings.Join(parts, "\n\n") + "\n"
}

// table lists the facts, a line each, those that there are.
func (f facts) table() string {
	d := f.m.Data
	site := f.m.Site
	if site != "" && d["title"] != "" && d["title"] != site {
		site += " (" + d["title"] + ")"
	}
	rows := []struct{ label, value string }{
		{"site", site},
		{"who", f.values["Who"].(string)},
		{"factor", f.factor(d["factor"])},
		{"from", d["remote"]},
		{"when", f.both(f.m.Created)},
		{"request", f.m.Request},
		{"grant", f.m.Grant},
		{"reason", quoted(d["reason"])},
		{"code_to", codeTo(f)},
		{"ready", f.bothOf(d["ready"])},
		{"until", f.bothOf(d["until"])},
		{"expires", f.bothOf(d["expires"])},
		{"archive", d["archive"]},
		{"size", size(f.m.Lang, d["size"])},
		{"sha256", d["sha256"]},
		{"verdict", f.verdict()},
		{"problem", f.problem()},
		{"incident", d["incident"]},
		{"contact", contactOf(f)},
		{"root", d["root"]},
		{"person", d["person"]},
		{"role", f.roleName(d["role"])},
		{"key", d["key"]},
		{"life", span(f.m.Lang, changed(f, "life"))},
		{"hold", span(f.m.Lang, changed(f, "hold"))},
		{"zone", changed(f, "zone")},
		{"lang", changed(f, "lang")},
		{"database_host", changed(f, "database_host")},
		{"database", changed(f, "database")},
		{"include", changed(f, "include")},
	}
	var labels, values []string
	width := 0
	for _, r := range rows {
		if r.value == "" {
			continue
		}
		label := f.text("notify.label."+r.label) + ":"
		labels, values = append(labels, label), append(values, safetext.Note(r.value))
		width = max(width, utf8.RuneCountInString(label))
	}
	var out strings.Builder
	for i, label := range labels {
		out.WriteString("  " + label + strings.Repeat(" ", width-utf8.RuneCountInString(label)+2) + values[i] + "\n")
	}
	return strings.TrimRight(out.String(), "\n")
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return "“" + s + "”"
}

// codeTo is where a code went, contactOf the address that a change is about.
func codeTo(f facts) string {
	if f.m.Event == core.EventRequestCodeSent {
		return f.m.Data["contact"]
	}
	return ""
}

func contactOf(f facts) string {
	if strings.HasPrefix(string(f.m.Event), "contact.") {
		return f.m.Data["contact"]
	}
	return ""
}

// changed is a field of a site's change.
func changed(f facts, field string) string {
	if f.m.Event == core.EventSiteChanged {
		return f.m.Data[field]
	}
	return ""
}

// span writes a duration of core's for people.
func span(lang, text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	return view.Span(lang, d)
}

// role is whose rights a notice explains: of those whom the event is about.
func (f facts) role() string {
	area, _, _ := strings.Cut(string(f.m.Event), ".")
	switch area {
	case "request", "grant", "backup", "download":
		return string(core.RoleOwner)
	case "site", "contact", "owner", "kit":
		return string(core.RoleManager)
	case "person":
		if role := f.m.Data["role"]; role == string(core.RoleAuditor) {
			return role
		}
		return string(core.RoleManager)
	default:
		return ""
	}
}

// ended lists the events after which there is nothing left to stop.
var ended = map[core.Event]bool{
	core.EventRequestCancelled: true, core.EventRequestVetoed: true, core.EventRequestLocked: true, core.EventRequestLapsed: true,
	core.EventGrantClosed: true, core.EventGrantExpired: true, core.EventGrantRevoked: true,
}

// stop says how a manager stops what happened, where it can be stopped, and
// whom to call. There is no link: nothing in a mail acts by being clicked.
func (f facts) stop() string {
	var lines []string
	switch {
	case ended[f.m.Event]:
		lines = append(lines, f.text("notify.stop.ended"))
	case f.m.Grant != "":
		lines = append(lines, f.text("notify.stop.grant"), f.command("grant revoke "+f.m.Grant))
	case f.m.Request != "":
		lines = append(lines, f.text("notify.stop.request"), f.command("request veto "+f.m.Request))
	default:
		lines = append(lines, f.text("notify.stop.unexpected"))
	}
	if f.m.Data["call"] != "" {
		lines = append(lines, f.text("notify.stop.call"))
	}
	return strings.Join(lines, "\n")
}

// command is a line for the manager to type.
func (f facts) command(what string) string {
	target := f.m.Data["host"]
	if port := f.m.Data["port"]; port != "" && port != "22" && port != "0" {
		target = "-p " + port + " " + f.text("notify.stop.name") + "@" + target
	} else {
		target = f.text("notify.stop.name") + "@" + target
	}
	return words.Text(f.m.Lang, "notify.stop.command", map[string]any{"Target": target, "What": what})
}

// log makes the mailbox a witness.
func (f facts) log(w witness) string {
	var lines []string
	if key := f.m.Data["archive_key"]; key != "" {
		lines = append(lines, words.Text(f.m.Lang, "notify.archive_key", map[string]any{"Key": key}))
	}
	if w.signed == "" {
		return strings.Join(append(lines, f.text("notify.log.unsigned")), "\n")
	}
	return strings.Join(append(lines, words.Text(f.m.Lang, "notify.log.signed", map[string]any{
		"Line": strconv.FormatInt(f.m.Leaf, 10), "Size": w.size, "Root": w.root, "Checkpoint": words.Verbatim(w.signed),
	})), "\n")
}

// codeMail words the message that carries a code to a mailbox.
func (f facts) codeMail(code core.Secret) string {
	return f.withCode(code).text("notify.code.mail") + "\n"
}
