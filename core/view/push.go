package view

import (
	"strconv"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// Push tells how the pushing of the log stands, as names and values, times in
// the given zone.
func Push(lang, zone string, info core.PushInfo) Table {
	var p pairs
	p.add(label(lang, "collector"), cell(info.Target))
	p.add(label(lang, "sent_lines"), strconv.FormatInt(info.Sent, 10))
	p.add(label(lang, "behind"), strconv.FormatInt(info.Behind, 10))
	p.add(label(lang, "last_sent"), Time(info.At, zone))
	p.add(label(lang, "failing"), Time(info.Failing, zone))
	p.add(label(lang, "problem"), cell(info.Problem))
	return Table{Rows: p}
}

// PushSentence says how the pushing of the log stands, and whether lines fail to
// arrive; "" where it is not pushed, or where it cannot be known.
func PushSentence(lang, zone string, info core.PushInfo) (said string, failing bool) {
	if info.Target == "" {
		return "", false
	}
	data := map[string]any{
		"Collector": info.Target, "Lines": Count(lang, info.Sent), "Behind": Count(lang, info.Behind), "Time": "",
		"Since": Time(info.Failing, zone), "Why": info.Problem,
	}
	if !info.At.IsZero() {
		data["Time"] = Time(info.At, zone)
	}
	switch {
	case !info.Failing.IsZero():
		return words.Text(lang, "view.push.failing", data), true
	case info.Behind > 0 || info.At.IsZero():
		return words.Text(lang, "view.push.behind", data), false
	default:
		return words.Text(lang, "view.push.sent", data), false
	}
}

// PushJSON is how the pushing of the log stands, for machines.
type PushJSON struct {
	Collector string    `json:"collector"` // "" where the log is not pushed
	Sent      int64     `json:"sent"`
	Behind    int64     `json:"behind"`
	At        time.Time `json:"at,omitzero"`
	Failing   time.Time `json:"failing_since,omitzero"`
	Problem   string    `json:"problem,omitempty"`
}

// JSONPush gives the JSON form of how the pushing of the log stands.
func JSONPush(info core.PushInfo) PushJSON {
	return PushJSON{
		Collector: safetext.Line(info.Target), Sent: info.Sent, Behind: info.Behind, At: info.At, Failing: info.Failing, Problem: safetext.Line(info.Problem),
	}
}
