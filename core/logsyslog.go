package core

import (
	"fmt"
	"strings"
	"time"

	"breakglass/core/safetext"
)

// The priorities of RFC 5424, section 6.2.1: facility 13 is "log audit".
const (
	syslogNotice  = 13*8 + 5
	syslogWarning = 13*8 + 4
)

// syslogID is our structured data. 32473 is the enterprise number that RFC 5612
// sets aside for those who have none.
const syslogID = "breakglass@32473"

// syslogLine writes a line of the log as a message of RFC 5424.
func syslogLine(host string, l LogLine) string {
	priority := syslogNotice
	if l.worrying() {
		priority = syslogWarning
	}
	var out strings.Builder
	fmt.Fprintf(&out, "<%d>1 %s %s breakglass - %s [%s", priority, l.Time.UTC().Format("2006-01-02T15:04:05.000000Z"),
		syslogName(host, 255), syslogName(string(l.Event), 32), syslogID)
	for _, f := range l.fields() {
		fmt.Fprintf(&out, ` %s="%s"`, syslogName(f.name, 32), syslogEscape.Replace(safetext.Line(f.value)))
	}
	out.WriteString("] " + syslogName(string(l.Event), 32))
	return out.String()
}

// syslogEscape is RFC 5424, section 6.3.3; what is not UTF-8 or would break a
// line is gone before.
var syslogEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`)

// syslogName makes a text fit where only visible ASCII without '=', '"' and
// brackets may stand.
func syslogName(s string, limit int) string {
	name := strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`="[]`, r) {
			return '_'
		}
		return r
	}, s)
	if name == "" {
		return "-"
	}
	return name[:min(len(name), limit)]
}

// worrying reports whether a line tells of something that was refused or failed.
func (l LogLine) worrying() bool {
	switch l.Event {
	case EventRequestWrongCode, EventRequestLocked, EventGrantWrongToken, EventLoginsFailed, EventJobFailed, EventArchiveUnproved, EventMessageFailed,
		EventClock, EventLogRestored, EventLogPushStalled:
		return true
	}
	return false
}

// field is a name and a value of a line.
type field struct{ name, value string }

// fields lists all of a line but its time, event and host, in a fixed order.
// Names of what lies in Data and Personal begin with "data." and "personal.".
func (l LogLine) fields() []field {
	all := []field{
		{"seq", fmt.Sprint(l.Seq)}, {"actor", l.Actor}, {"site", l.Site}, {"request", l.Request}, {"grant", l.Grant},
		{"from", l.From}, {"to", l.To}, {"result", l.Result}, {"hash", l.Hash},
	}
	for _, more := range []struct {
		prefix string
		fields map[string]string
	}{{"data.", l.Data}, {"personal.", l.Personal}} {
		for _, name := range sortedKeys(more.fields) {
			all = append(all, field{more.prefix + name, more.fields[name]})
		}
	}
	kept := all[:0]
	for _, f := range all {
		if f.value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// milliseconds is the time as CEF and OCSF count it.
func (l LogLine) milliseconds() int64 { return l.Time.UnixNano() / int64(time.Millisecond) }
