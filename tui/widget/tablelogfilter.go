package widget

import (
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
)

// ParseLogFilter reads a filter line such as
//
//	site:acme grant:G-7M2KQ4XA person:eva event:grant from:-3d to:today two words
//
// into a query, at a time. A word that begins with none of these names is text
// to look for. Of a term that comes twice the last one counts; one without a
// value is no limit. The query's page is zero. It fails with ErrInvalid where a
// time cannot be read.
func ParseLogFilter(line string, now time.Time) (core.LogQuery, error) {
	var q core.LogQuery
	var text []string
	times := map[string]string{}
	for _, word := range strings.Fields(safetext.Line(line)) {
		name, value, found := strings.Cut(word, ":")
		into := map[string]*string{"site": &q.Site, "request": &q.Request, "grant": &q.Grant, "person": &q.Person}
		switch name = strings.ToLower(name); {
		case found && into[name] != nil:
			*into[name] = value
		case found && (name == "event" || name == "kind"):
			q.Event = core.Event(value)
		case found && (name == "from" || name == "to"):
			times[name] = value
		case found && name == "on":
			times["from"], times["to"] = value, value
		default:
			text = append(text, word)
		}
	}
	q.Text = strings.Join(text, " ")
	var err error
	if given := times["from"]; given != "" {
		if q.From, err = core.LogTime(given, now, false); err != nil {
			return core.LogQuery{}, err
		}
	}
	if given := times["to"]; given != "" {
		if q.To, err = core.LogTime(given, now, true); err != nil {
			return core.LogQuery{}, err
		}
	}
	return q, nil
}
