package widget

import (
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
)

// ParseLogFilter reads a filter line such as
//
//	site:acme grant:G-7M2KQ4XA person:eva event:grant two words
//
// into a query. A word that begins with none of these names is text to look for.
// Of a term that comes twice the last one counts; one without a value is no
// limit. The query's other fields are zero.
func ParseLogFilter(line string) core.LogQuery {
	var q core.LogQuery
	var text []string
	for _, word := range strings.Fields(safetext.Line(line)) {
		name, value, _ := strings.Cut(word, ":")
		switch {
		case !strings.Contains(word, ":"):
			text = append(text, word)
		case strings.EqualFold(name, "site"):
			q.Site = value
		case strings.EqualFold(name, "grant"):
			q.Grant = value
		case strings.EqualFold(name, "person"):
			q.Person = value
		case strings.EqualFold(name, "event"):
			q.Event = core.Event(value)
		default:
			text = append(text, word)
		}
	}
	q.Text = strings.Join(text, " ")
	return q
}
