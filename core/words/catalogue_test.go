package words

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"text/template/parse"
	"unicode/utf8"
)

// entry is one text of one file, in one plural form.
type entry struct{ file, id, form, text string }

// entries reads the embedded files token by token, because a JSON decoder
// would silently keep the last of two texts with the same ID.
func entries(t *testing.T) []entry {
	t.Helper()
	names, err := fs.Glob(files, "*/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	var out []entry
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(data) {
			t.Errorf("%s is not UTF-8", name)
		}
		out = append(out, fileEntries(t, name, data)...)
	}
	return out
}

func fileEntries(t *testing.T, name string, data []byte) []entry {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		t.Fatalf("%s: not an object: %v", name, err)
	}
	var out []entry
	for decoder.More() {
		id, err := decoder.Token()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatalf("%s: %v: %v", name, id, err)
		}
		forms := map[string]string{}
		var text string
		if json.Unmarshal(value, &text) == nil {
			forms["other"] = text
		} else if err := json.Unmarshal(value, &forms); err != nil {
			t.Fatalf("%s: %v: neither a text nor plural forms: %v", name, id, err)
		}
		for form, text := range forms {
			out = append(out, entry{name, id.(string), form, text})
		}
	}
	if _, err := decoder.Token(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("%s: more than one object", name)
	}
	return out
}

func TestFilesLoad(t *testing.T) {
	if _, err := load(files); err != nil {
		t.Fatal(err)
	}
}

func TestIDs(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)+$`)
	plural := regexp.MustCompile(`^(zero|one|two|few|many|other)$`)
	seen := map[string]string{}
	for _, e := range entries(t) {
		if !form.MatchString(e.id) {
			t.Errorf("%s: %q is not an ASCII dotted lower-case ID", e.file, e.id)
		}
		if !plural.MatchString(e.form) {
			t.Errorf("%s: %s: %q is not a plural form", e.file, e.id, e.form)
		}
		key := path.Dir(e.file) + " " + e.id + " " + e.form
		if before, ok := seen[key]; ok {
			t.Errorf("%s is both in %s and in %s", e.id, before, e.file)
		}
		seen[key] = e.file
		if !Has(e.id) {
			t.Errorf("%s: %s is in no English file", e.file, e.id)
		}
	}
	for _, id := range IDs() {
		if !Has(id) || strings.TrimSpace(Text("en", id, nil)) == "" {
			t.Errorf("%s has no text", id)
		}
	}
}

// Every text parses, executes with its fields filled, and shows the gap when
// one of those that are printed is missing.
func TestTemplates(t *testing.T) {
	for _, e := range entries(t) {
		parsed, err := template.New(e.id).Parse(e.text)
		if err != nil {
			t.Errorf("%s: %s: %v", e.file, e.id, err)
			continue
		}
		full := map[string]any{}
		for _, field := range fields(parsed.Root) {
			full[field.name] = field.sample
		}
		if got := execute(t, e, parsed, full); strings.Contains(got, "<no value>") {
			t.Errorf("%s: %s reaches into a value; format it before: %q", e.file, e.id, got)
		}
		for _, field := range fields(parsed.Root) {
			if !field.printed {
				continue
			}
			less := map[string]any{}
			for name, sample := range full {
				if name != field.name {
					less[name] = sample
				}
			}
			if got := execute(t, e, parsed, less); !strings.Contains(got, "<no value>") {
				t.Errorf("%s: %s without %s does not show it: %q", e.file, e.id, field.name, got)
			}
		}
	}
}

func execute(t *testing.T, e entry, parsed *template.Template, data map[string]any) string {
	t.Helper()
	var out strings.Builder
	if err := parsed.Execute(&out, data); err != nil {
		t.Errorf("%s: %s with %v: %v", e.file, e.id, data, err)
	}
	return out.String()
}

// field is a key that a template asks for. One that stands alone at the top
// is printed whatever the other values are.
type field struct {
	name    string
	printed bool
	sample  any
}

func fields(list *parse.ListNode) []field {
	var out []field
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			bare := len(n.Pipe.Cmds) == 1 && len(n.Pipe.Cmds[0].Args) == 1
			out = append(out, pipeFields(n.Pipe, bare, "x")...)
		case *parse.IfNode:
			out = append(out, branchFields(n.Pipe, "x", n.List, n.ElseList)...)
		case *parse.WithNode:
			out = append(out, pipeFields(n.Pipe, false, "x")...)
		case *parse.RangeNode:
			out = append(out, pipeFields(n.Pipe, false, []string{"x", "y"})...)
		}
	}
	return out
}

// branchFields returns what a condition and its branches ask for. What is
// printed in a branch depends on the condition.
func branchFields(pipe *parse.PipeNode, sample any, lists ...*parse.ListNode) []field {
	out := pipeFields(pipe, false, sample)
	for _, list := range lists {
		if list == nil {
			continue
		}
		for _, f := range fields(list) {
			f.printed = false
			out = append(out, f)
		}
	}
	return out
}

func pipeFields(pipe *parse.PipeNode, printed bool, sample any) []field {
	var out []field
	for _, command := range pipe.Cmds {
		for _, arg := range command.Args {
			if f, ok := arg.(*parse.FieldNode); ok {
				out = append(out, field{f.Ident[0], printed, sample})
			}
		}
	}
	return out
}
