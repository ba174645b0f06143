package words

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

func testCatalogue(t *testing.T) catalogue {
	t.Helper()
	c, err := load(fstest.MapFS{
		"en/a.json": {Data: []byte(`{"a.hello": "Hello {{.Name}}", "a.files": {"one": "{{.Count}} file", "other": "{{.Count}} files"}, "a.list": "{{range .Lines}}<{{.}}>{{end}}"}`)},
		"de/a.json": {Data: []byte(`{"a.hello": "Hallo {{.Name}}"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestText(t *testing.T) {
	c := testCatalogue(t)
	for _, test := range []struct {
		name, lang, id string
		data           map[string]any
		want           string
	}{
		{"english", "en", "a.hello", map[string]any{"Name": "Eva"}, "Hello Eva"},
		{"another language", "de", "a.hello", map[string]any{"Name": "Eva"}, "Hallo Eva"},
		{"a regional tag", "de-AT", "a.hello", map[string]any{"Name": "Eva"}, "Hallo Eva"},
		{"no such language", "tlh", "a.hello", map[string]any{"Name": "Eva"}, "Hello Eva"},
		{"no language", "", "a.hello", map[string]any{"Name": "Eva"}, "Hello Eva"},
		{"nonsense for a language", "\x00;;q=9", "a.hello", map[string]any{"Name": "Eva"}, "Hello Eva"},
		{"lacking in the language", "de", "a.files", map[string]any{"Count": 3}, "3 files"},
		{"one", "en", "a.files", map[string]any{"Count": int64(1)}, "1 file"},
		{"many", "en", "a.files", map[string]any{"Count": 0}, "0 files"},
		{"no such text", "en", "a.nothing", nil, "a.nothing"},
		{"a missing key shows", "en", "a.hello", nil, "Hello <no value>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := c.text(test.lang, test.id, test.data); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

type loud string

// Nothing that a peer sent can break a line, steer a terminal or be run as a
// template by being put into a text.
func TestTextMakesValuesSafe(t *testing.T) {
	c := testCatalogue(t)
	for _, test := range []struct {
		name  string
		value any
		want  string
	}{
		{"string", "a\x1b[2J\nb", "Hello a[2J b"},
		{"named string", loud("a\nb"), "Hello a b"},
		{"bytes and structs", struct{ A string }{"x\ny"}, "Hello {x y}"},
		{"error", fmt.Errorf("open: %w", errors.New("a\nb")), "Hello open: a b"},
		{"stringer", 90 * time.Second, "Hello 1m30s"},
		{"number", 7, "Hello 7"},
		{"bool", true, "Hello true"},
		{"template", "{{.Name}}", "Hello {{.Name}}"},
		{"verbatim", Verbatim("line\n  line\n"), "Hello line\n  line\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := c.text("en", "a.hello", map[string]any{"Name": test.value}); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	got := c.text("en", "a.list", map[string]any{"Lines": []string{"a\nb", "c"}})
	if got != "<a b><c>" {
		t.Errorf("a list: got %q", got)
	}
}

func TestTextIsSafeForConcurrentUse(t *testing.T) {
	c := testCatalogue(t)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if got := c.text("en", "a.files", map[string]any{"Count": i + 2}); !strings.HasSuffix(got, " files") {
				t.Errorf("got %q", got)
			}
		})
	}
	all.Wait()
}

func TestLoadRefusesWhatItCannotRead(t *testing.T) {
	for name, tree := range map[string]fstest.MapFS{
		"no JSON":        {"en/a.json": {Data: []byte(`{"a.b": `)}},
		"a number":       {"en/a.json": {Data: []byte(`{"a.b": 7}`)}},
		"no language":    {"not a language/a.json": {Data: []byte(`{}`)}},
		"one bad of two": {"en/a.json": {Data: []byte(`{"a.b": "x"}`)}, "en/b.json": {Data: []byte(`[`)}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := load(tree); err == nil {
				t.Error("no error")
			}
		})
	}
}
