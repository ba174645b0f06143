package notify

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
)

// facts is what the texts can say of a message, ready to be put into them.
type facts struct {
	m      core.Message
	values map[string]any
}

// factsOf reads a row. Every value that a text may ask for is there, "" where
// the row does not have it.
func factsOf(m core.Message) facts {
	d := m.Data
	f := facts{m: m}
	f.values = map[string]any{
		"Site": m.Site, "Title": d["title"], "Host": d["host"], "Request": m.Request, "Grant": m.Grant, "Event": string(m.Event),
		"Time": view.Time(m.Created, m.Zone), "Call": d["call"], "Reason": d["reason"], "Remote": d["remote"],
		"Contact": d["contact"], "Archive": d["archive"], "Problem": f.problem(), "Incident": d["incident"],
		"Person": d["person"], "Role": f.roleName(d["role"]), "Key": d["key"], "Forward": d["clock"] == "set forward",
		"Channel": f.channel(d["channel"]), "Instead": f.channel(d["instead_of"]), "Size": size(m.Lang, d["size"]),
		"Expires": f.moment(d["expires"]), "Until": f.moment(d["until"]), "Ready": f.moment(d["ready"]),
	}
	if m.Site == "" {
		f.values["Site"] = d["host"]
	}
	f.values["Who"] = f.who(d["actor"])
	rehearsed := core.ArchiveInfo{Rehearsal: core.Rehearsal{At: m.Created, Why: core.RehearsalProblem(d["why"]), What: d["what"], Server: d["server"]}}
	f.values["Rehearsal"], f.values["Bad"] = view.Rehearsal(m.Lang, m.Zone, rehearsed), view.RehearsalBad(rehearsed)
	return f
}

// with returns the facts with more values.
func (f facts) with(more map[string]any) facts {
	values := maps.Clone(f.values)
	maps.Copy(values, more)
	return facts{m: f.m, values: values}
}

// problem says why something failed, in the reader's language where it can be
// said in it.
func (f facts) problem() string {
	if said := core.ReadSaid(f.m.Data[core.SaidField]); !said.IsZero() {
		return view.Said(f.m.Lang, said)
	}
	return f.m.Data["problem"]
}

// verdict is a backup's, in the reader's language.
func (f facts) verdict() string {
	if f.m.Data["verdict"] == "" {
		return ""
	}
	return view.Verdict(f.m.Lang, core.Verdict(f.m.Data["verdict"]))
}

// moment reads a time of core's and writes it in the site's zone; what is no
// time is "".
func (f facts) moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return view.Time(at, f.m.Zone)
}

// both writes a time in UTC and, where it has another, in the site's zone.
func (f facts) both(at time.Time) string {
	utc, local := view.Moment(at, ""), view.Moment(at, f.m.Zone)
	if f.m.Zone == "" || utc == local {
		return utc
	}
	return utc + " (" + local + ")"
}

// bothOf is both of a time of core's.
func (f facts) bothOf(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return f.both(at)
}

// who names an actor as the log does, "owner:acme", for people.
func (f facts) who(actor string) string {
	role, name, _ := strings.Cut(actor, ":")
	id := "notify.who." + role
	if !words.Has(id) {
		return actor
	}
	return words.Text(f.m.Lang, id, map[string]any{"Name": name, "Host": f.m.Data["host"]})
}

// roleName writes a role for people.
func (f facts) roleName(role string) string {
	id := "shell.role." + role
	if role == "" || !words.Has(id) {
		return role
	}
	return words.Text(f.m.Lang, id, nil)
}

// factor says what an actor proved themselves by.
func (f facts) factor(factor string) string {
	switch factor {
	case "":
		return ""
	case "passphrase":
		return f.text("notify.factor.passphrase")
	default:
		return words.Text(f.m.Lang, "notify.factor.key", map[string]any{"Key": factor})
	}
}

func (f facts) channel(kind string) string {
	id := "notify.channel." + kind
	if kind == "" || !words.Has(id) {
		return kind
	}
	return words.Text(f.m.Lang, id, nil)
}

func size(lang, bytes string) string {
	n, err := strconv.ParseInt(bytes, 10, 64)
	if err != nil {
		return ""
	}
	return view.Size(lang, n)
}
