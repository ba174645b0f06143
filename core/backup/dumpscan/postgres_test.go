package dumpscan

import (
	"errors"
	"io"
	"maps"
	"strings"
	"testing"
)

const pgText = `--
-- PostgreSQL database dump
--

\restrict abc
SET standard_conforming_strings = on;
CREATE FUNCTION "public"."f"() RETURNS "text" LANGUAGE "plpgsql" AS $_x$ begin return 'CREATE TABLE no (a int); $x$ $_'; end $_x$;
COMMENT ON FUNCTION "public"."f"() IS E'it''s \'; CREATE TABLE "public"."no" (';
/* CREATE /* TABLE */ "no" ( */
CREATE UNLOGGED TABLE "public"."We;ird ""T" ("a" integer DEFAULT '1;');
CREATE TABLE "public"."t" ("a" "text");
CREATE TABLE plain.Bare (a int);
COPY "public"."t" ("a") FROM stdin;
one
COPY "public"."no" ("a") FROM stdin;
-- PostgreSQL database dump complete
\\.
\.

COPY "public"."We;ird ""T" ("a") FROM stdin;
\.
COPY "public"."zero" FROM stdin;


\.
SELECT $1;
--
-- PostgreSQL database dump complete
--

\unrestrict abc

`

func TestPGScannerReadsAsPsqlDoes(t *testing.T) {
	want := map[string]int64{"public.t": 4, `public."We;ird ""T"`: 0, "plain.bare": 0, "public.zero": 2}
	for size := range 40 {
		s, text, read := NewAny(), []byte(pgText), 0
		for len(text) > 0 {
			n, _ := s.Scan(text[:min(size+1, len(text))])
			if n == 0 {
				t.Fatalf("stuck at %d", read)
			}
			text, read = text[n:], read+n
		}
		if !maps.Equal(s.Rows(), want) || !s.Whole() || s.Total() != 6 {
			t.Errorf("pieces of %d: %v, whole %v", size+1, s.Rows(), s.Whole())
		}
	}
}

func TestPGScannerKnowsAnUnfinishedDump(t *testing.T) {
	for cut := range len(pgText) - len("\n--\n\n\\unrestrict abc\n\n") - 1 {
		s := NewPostgres()
		for text := []byte(pgText)[:cut]; len(text) > 0; {
			n, _ := s.Scan(text)
			text = text[n:]
		}
		if s.Whole() {
			t.Fatalf("whole after %q", pgText[max(0, cut-40):cut])
		}
	}
}

func FuzzPGScanner(f *testing.F) {
	f.Add([]byte(pgText), uint8(3))
	f.Add([]byte("COPY a FROM stdin;\n\\.\n$a$ $ $a$"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		whole, pieces := NewPostgres(), NewPostgres()
		for rest := text; len(rest) > 0; {
			n, _ := whole.Scan(rest)
			if n == 0 {
				t.Fatal("stuck")
			}
			rest = rest[n:]
		}
		for rest := text; len(rest) > 0; {
			n, _ := pieces.Scan(rest[:min(int(size)+1, len(rest))])
			if n == 0 {
				t.Fatal("stuck in pieces")
			}
			rest = rest[n:]
		}
		if !maps.Equal(whole.Rows(), pieces.Rows()) || whole.Whole() != pieces.Whole() {
			t.Errorf("%v %v, in pieces %v %v", whole.Rows(), whole.Whole(), pieces.Rows(), pieces.Whole())
		}
	})
}

// A dump goes to psql as it is, but for its own \restrict; with a key of ours
// before it. However it comes in pieces, no other command gets through.
func TestGuard(t *testing.T) {
	plain := strings.NewReplacer("\\restrict abc\n", "", "\\unrestrict abc\n", "").Replace(pgText)
	for size := range 40 {
		guard := func(text string, keep bool, key string) (string, error) {
			var out strings.Builder
			g := NewGuard(&out, key)
			g.Keep = keep
			for text != "" {
				n := min(size+1, len(text))
				if _, err := g.Write([]byte(text[:n])); err != nil {
					return out.String(), err
				}
				text = text[n:]
			}
			return out.String(), g.Flush()
		}
		for want, got := range map[string]func() (string, error){
			plain:                      func() (string, error) { return guard(pgText, false, "") },
			"\\restrict key\n" + plain: func() (string, error) { return guard(pgText, false, "key") },
			pgText:                     func() (string, error) { return guard(pgText, true, "") },
		} {
			if out, err := got(); err != nil || out != want {
				t.Errorf("pieces of %d: %v\n%s", size+1, err, out)
			}
		}
		for _, command := range []string{
			`\! id`, `\o x`, "\\restrict a\\! id", "\\unrestrict a \\! id\n", `SELECT 1 \! id`, "SELECT '' \\gexec\n", "SELECT 1\n\\g |id\n", `\` + strings.Repeat("x", 600),
		} {
			for _, text := range []string{command, pgText + command, "COPY a FROM stdin;\n\\! a row\n\\.\n" + command} {
				if out, err := guard(text+"\n", false, ""); !errors.Is(err, ErrCommand) || strings.HasSuffix(out, command+"\n") {
					t.Errorf("%q in pieces of %d: %v", command, size+1, err)
				}
			}
		}
	}
}

// What is kept of a table's name is bounded, whatever a dump makes of it.
func TestPGScannerKeepsLittleOfAName(t *testing.T) {
	for _, name := range []string{`"` + strings.Repeat(`""`, 1<<20) + `"`, strings.Repeat("a.", 1<<20) + "a", strings.Repeat(`"b".`, 1<<20) + `"b"`} {
		s := NewPostgres()
		for rest := []byte("CREATE TABLE " + name + " (c int);\n"); len(rest) > 0; {
			n, _ := s.Scan(rest)
			rest = rest[n:]
		}
		if len(s.Table()) > 4*maxName || s.Table() == "" {
			t.Errorf("%d bytes are kept of %.9s…", len(s.Table()), name)
		}
	}
}

// What psql reads in another way than a scanner might hides no command. The first
// two, and those with a body and a zero byte, had an old psql run one behind a
// Guard.
func TestGuardAgainstWhatIsReadInTwoWays(t *testing.T) {
	for name, text := range map[string]string{
		"behind a COPY on its line":  "COPY a FROM stdin; \\! id\n\\.\n",
		"in open parentheses":        "SELECT (1;\nCOPY a FROM stdin;\n\\! id\n\\.\n",
		"in the body of a function":  "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;\nCOPY a FROM stdin;\n\\! id\n\\.\n",
		"a body that ends in a name": "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT end$;\nCOPY a FROM stdin;\n\\! id\n\\.\n",
		"rows that end with CRLF":    "COPY a FROM stdin;\n\\.\r\n\\! id\n\\.\n",
		"a zero byte":                "SELECT 1; \x00'\n\\! id\n'",
		"a number before a $tag$":    "SELECT 1$a$; ' $a$;\n\\! id\n'",
		"a text that goes on":        "SELECT E'a'\n'\\'';\n\\! id\n';",
		"behind a comment":           "SELECT E'a' -- b\n'\\'';\n\\! id\n';",
	} {
		for _, size := range []int{1, 7, len(text)} {
			g := NewGuard(io.Discard, "")
			err := error(nil)
			for rest := []byte(text); len(rest) > 0 && err == nil; rest = rest[min(size, len(rest)):] {
				_, err = g.Write(rest[:min(size, len(rest))])
			}
			if !errors.Is(err, ErrCommand) {
				t.Errorf("%s, in pieces of %d: %v", name, size, err)
			}
		}
	}
	const fine = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END;\nEND;\n" +
		"CREATE TABLE a (begin int DEFAULT (1), b text DEFAULT 'x' , c text DEFAULT E'it''s');\nCOPY a FROM stdin;\n\\N\t'\n\\.\nSELECT a$b;\n"
	g := NewGuard(io.Discard, "")
	if _, err := g.Write([]byte(fine)); err != nil || g.Flush() != nil {
		t.Errorf("what pg_dump writes: %v", err)
	}
}
