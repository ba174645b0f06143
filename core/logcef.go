package core

import (
	"fmt"
	"net/netip"
	"strings"

	"breakglass/core/safetext"
)

// cefLine writes a line of the log in ArcSight's Common Event Format.
func cefLine(host string, l LogLine) string {
	severity := 3
	if l.worrying() {
		severity = 7
	}
	event := cefHeader.Replace(safetext.Line(string(l.Event)))
	var out strings.Builder
	fmt.Fprintf(&out, "CEF:0|breakglass|breakglass|1|%s|%s|%d|", event, event, severity)
	add := func(name, value string) {
		if value = safetext.Line(value); value != "" {
			out.WriteString(name + "=" + cefValue.Replace(value) + " ")
		}
	}
	add("rt", fmt.Sprint(l.milliseconds()))
	add("externalId", fmt.Sprint(l.Seq))
	add("dvchost", host)
	add("suser", l.Actor)
	add("outcome", l.Result)
	if from, err := netip.ParseAddr(l.Personal["remote"]); err == nil && from.Is4() {
		add("src", from.String())
	} else if err == nil {
		add("c6a2", from.WithZone("").String())
		add("c6a2Label", "Source IPv6 Address")
	}
	for i, f := range []field{{"Site", l.Site}, {"Request", l.Request}, {"Grant", l.Grant}, {"From", l.From}, {"To", l.To}, {"Hash", l.Hash}} {
		if f.value != "" {
			add(fmt.Sprintf("cs%d", i+1), f.value)
			add(fmt.Sprintf("cs%dLabel", i+1), f.name)
		}
	}
	var more []string
	for _, f := range l.fields() {
		if strings.HasPrefix(f.name, "data.") || strings.HasPrefix(f.name, "personal.") {
			more = append(more, f.name+": "+f.value)
		}
	}
	add("msg", strings.Join(more, "; "))
	return strings.TrimRight(out.String(), " ")
}

// What must be escaped in the two parts of CEF; line breaks and controls are
// gone before.
var (
	cefHeader = strings.NewReplacer(`\`, `\\`, `|`, `\|`)
	cefValue  = strings.NewReplacer(`\`, `\\`, `=`, `\=`)
)
