package view_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
)

// forOthers lists the files whose refusals no owner gets: what managers and
// auditors ask for, and what is done on a command line. A file that is not here
// has its sentences in every language.
var forOthers = []string{
	"channel.go", "contacts.go", "courier.go", "drill.go", "key.go", "kit.go", "lang.go", "logcheckpoint.go", "logexport.go", "logforget.go", "logsome.go",
	"logtime.go", "named.go", "people.go", "rehearsal.go", "roots.go", "scope.go", "sitechange.go", "sites.go",
	"backup/format.go", "backup/include.go", "backup/named.go", "backup/read.go",
}

// hidden lists the kinds whose own sentence an owner is never shown, and for
// which no backup ends: [view.Sentence] has one sentence for each.
var hidden = []string{"ErrWrongCode", "ErrCodeDead", "ErrLocked", "ErrNoContact", "ErrNeedsProof", "ErrDenied", "ErrBadLogin", "ErrConflict"}

// refusalsInCode reads what the rules and the engine refuse an owner with: the
// formats of Refuse and Say, and the states that sentences name. What cannot be
// read so is a fault: nobody could translate it.
func refusalsInCode(t *testing.T) (formats []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, dir := range []string{"", "backup", "backup/detect", "backup/sitetree", "backup/rehearse"} {
		files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			name := strings.TrimPrefix(filepath.ToSlash(path), "../")
			if strings.HasSuffix(name, "_test.go") || slices.Contains(forOthers, name) {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				for _, format := range said(t, set, n, name) {
					seen[format] = true
				}
				return true
			})
		}
	}
	for format := range seen {
		formats = append(formats, format)
	}
	slices.Sort(formats)
	if len(formats) < 60 {
		t.Fatalf("only %d refusals were found", len(formats))
	}
	return formats
}

// said returns the formats that a piece of code says.
func said(t *testing.T, set *token.FileSet, n ast.Node, file string) []string {
	t.Helper()
	at := func(n ast.Node) string { return file + ":" + strconv.Itoa(set.Position(n.Pos()).Line) }
	switch n := n.(type) {
	case *ast.ValueSpec:
		if kind, ok := n.Type.(*ast.Ident); ok && (kind.Name == "RequestState" || kind.Name == "JobState") && len(n.Values) == 1 {
			return []string{text(n.Values[0])}
		}
	case *ast.CompositeLit:
		if called(n.Type) == "Refusal" {
			for _, element := range n.Elts {
				pair, ok := element.(*ast.KeyValueExpr)
				if ok && called(pair.Key) == "Detail" && !slices.Contains(hidden, kindOf(n)) && file != "errors.go" {
					t.Errorf("%s: make it with Refuse and Because, so that it can be translated", at(n))
				}
			}
		}
	case *ast.CallExpr:
		return saidBy(t, n, file, at(n))
	}
	return nil
}

func saidBy(t *testing.T, n *ast.CallExpr, file, at string) []string {
	t.Helper()
	format := 0
	switch called(n.Fun) {
	case "Refuse":
		if slices.Contains(hidden, called(n.Args[0])) {
			return nil
		}
		format = 1
	case "notFound":
		format = 1
	case "Say":
	default:
		return nil
	}
	english := text(n.Args[format])
	if english == "" {
		if file != "errors.go" && file != "said.go" && !forwards(n) {
			t.Errorf("%s: its text is no constant, so it cannot be translated", at)
		}
		return nil
	}
	for _, arg := range n.Args[format+1:] {
		if strings.Contains(text(arg), " ") {
			t.Errorf("%s: %q is put into a sentence untranslated: Say it", at, text(arg))
		}
	}
	return []string{english}
}

// forwards reports whether a call passes a format on that its own caller gave.
func forwards(n *ast.CallExpr) bool { return n.Ellipsis.IsValid() }

// called is the last name of an expression.
func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func kindOf(n *ast.CompositeLit) string {
	for _, element := range n.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok && called(pair.Key) == "Kind" {
			return called(pair.Value)
		}
	}
	return ""
}

// text is the value of a constant text, "" of anything else.
func text(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return value
}

var verb = regexp.MustCompile(`%(\[\d+\])?[a-z]`)

// Whatever an owner may be refused with has its text in each language, with the
// same values; and the catalogue has no text that nothing says any more.
func TestEveryRefusalIsTranslated(t *testing.T) {
	english := map[string]string{}
	for _, id := range words.IDs() {
		if strings.HasPrefix(id, "refusal.") {
			english[words.Text("en", id, nil)] = id
		}
	}
	for _, format := range refusalsInCode(t) {
		id, ok := english[format]
		if !ok {
			t.Errorf("core/words/en/refusals.json lacks %q", format)
			continue
		}
		delete(english, format)
		for _, lang := range words.Languages()[1:] {
			other := words.Translated(lang, format)
			want, got := verb.FindAllString(format, -1), verb.FindAllString(other, -1)
			for _, v := range got {
				if !strings.HasSuffix(v, "s") && v != "%d" || strings.HasPrefix(v, "%[") && !strings.HasSuffix(v, "s") {
					t.Errorf("%s, %s: %s is no verb of a translation", lang, id, v)
				}
			}
			if len(want) != len(got) {
				t.Errorf("%s, %s: has the values %v, not %v", lang, id, got, want)
			}
		}
	}
	for format, id := range english {
		t.Errorf("%s: nothing says %q", id, format)
	}
}

// What to do stands at the end of a sentence, so a long one is shown to there.
func TestALongRefusalIsShownToItsEnd(t *testing.T) {
	for _, id := range []string{"refusal.trust.anybody", "refusal.dump.refused"} {
		format := words.Text("en", id, nil)
		values := slices.Repeat([]any{"a database with a name of some length"}, strings.Count(format, "%s"))
		for _, lang := range words.Languages() {
			said := core.Say(format, values...)
			want := said.In(func(english string) string { return words.Translated(lang, english) })
			if got := view.Said(lang, said); got != want {
				t.Errorf("%s, %s: %q", lang, id, got)
			}
			if got := view.Problem(lang, core.JobInfo{Said: said}); got != want {
				t.Errorf("%s, %s, of a backup: %q", lang, id, got)
			}
			if got := view.Detail(lang, core.Refuse(core.ErrDatabase, format, values...)); got != want {
				t.Errorf("%s, %s, in detail: %q", lang, id, got)
			}
		}
	}
}
