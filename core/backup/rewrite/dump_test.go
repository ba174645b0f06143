package rewrite_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"breakglass/core"
	"breakglass/core/backup/rewrite"
)

// dumps are pieces of dumps and what becomes of them; an empty "new" says that
// they stay.
var dumps = []struct {
	name     string
	dialect  rewrite.Dialect
	old, new string
}{
	{"rows", rewrite.MySQL, "INSERT INTO `wp_options` (`id`, `v`) VALUES (1,'https://old.example'),\n(2,'it\\'s \\\"https://old.example\\\" \\\\'),(0x30,'it''s');\n",
		"INSERT INTO `wp_options` (`id`, `v`) VALUES (1,'https://new.example.org/shop'),\n(2,'it\\'s \\\"https://new.example.org/shop\\\" \\\\'),(0x30,'it''s');\n"},
	{"serialized", rewrite.MySQL, `INSERT INTO t VALUES (1,'O:1:\"A\":1:{s:4:\"\0A\0u\";s:21:\"\'https://old.example\'\";}');`, `INSERT INTO t VALUES (1,'O:1:\"A\":1:{s:4:\"\0A\0u\";s:30:\"\'https://new.example.org/shop\'\";}');`},
	{"line breaks in serialized", rewrite.MySQL, `INSERT INTO t VALUES ('s:22:\"\r\n\Zhttps://old.example\";');`, `INSERT INTO t VALUES ('s:31:\"\r\n\Zhttps://new.example.org/shop\";');`},
	{"JSON", rewrite.MySQL, `INSERT INTO t VALUES ('{\"a\": \"s:19:\\\"https:\\/\\/old.example\\\";\"}');`, `INSERT INTO t VALUES ('{\"a\": \"s:28:\\\"https:\\/\\/new.example.org\\/shop\\\";\"}');`},
	{"hexadecimal", rewrite.MySQL, "INSERT INTO t VALUES (0x733A31393A2268747470733A2F2F6F6C642E6578616D706C65223B,0x00,_binary 'https://old.example',X'68747470733a2f2f6f6c642e6578616d706c65');",
		"INSERT INTO t VALUES (0x733A32383A2268747470733A2F2F6E65772E6578616D706C652E6F72672F73686F70223B,0x00,_binary 'https://new.example.org/shop',X'68747470733a2f2f6e65772e6578616d706c652e6f72672f73686f70');"},
	{"definitions", rewrite.MySQL, "CREATE TABLE `https://old.example` (`a` text DEFAULT 'https://old.example' COMMENT \"//old.example\"); -- https://old.example\n# 'https://old.example\n/* 'https://old.example */ /*!50001 VIEW v AS SELECT 'https://old.example' */;",
		"CREATE TABLE `https://old.example` (`a` text DEFAULT 'https://new.example.org/shop' COMMENT \"//new.example.org/shop\"); -- https://old.example\n# 'https://old.example\n/* 'https://old.example */ /*!50001 VIEW v AS SELECT 'https://new.example.org/shop' */;"},
	{"no backslashes", rewrite.MySQL, "/*!50003 SET sql_mode              = 'ANSI,NO_BACKSLASH_ESCAPES' */ ;\nSELECT 'a\\', 'https://old.example';\n/*!50003 SET sql_mode              = @saved_sql_mode */ ;\nSELECT 'a\\', 'https://old.example';",
		"/*!50003 SET sql_mode              = 'ANSI,NO_BACKSLASH_ESCAPES' */ ;\nSELECT 'a\\', 'https://new.example.org/shop';\n/*!50003 SET sql_mode              = @saved_sql_mode */ ;\nSELECT 'a\\', 'https://old.example';"},
	{"a network's tables", rewrite.MySQL, "INSERT INTO `wp_blogs` VALUES (1,'old.example','/'),(2,'old.example','/two/'),(3,'two.old.example','/'),(4,'two.old.example','/x/'),(5,'old.example','no path'),(6,'','/');INSERT INTO `wp_site` VALUES (1,'www.old.example','/');INSERT INTO `wp_options` VALUES ('old.example','/');",
		"INSERT INTO `wp_blogs` VALUES (1,'new.example.org','/shop/'),(2,'new.example.org','/shop/two/'),(3,'two.old.example','/'),(4,'two.old.example','/x/'),(5,'new.example.org','no path'),(6,'','/');INSERT INTO `wp_site` VALUES (1,'new.example.org','/shop/');INSERT INTO `wp_options` VALUES ('old.example','/');"},
	{"never ends", rewrite.MySQL, "INSERT INTO t VALUES ('https://old.example", ""},
	{"nothing", rewrite.MySQL, "", ""},

	{"copy", rewrite.PostgreSQL, "\\restrict x\n--\n-- it's\nCOPY public.t (a, b) FROM stdin;\n1\t{\"a\": \"https:\\\\/\\\\/old.example\"}\n\\N\ts:20:\"\\nhttps://old.example\";\n\\.\n\nSELECT 'https://old.example', E'it\\'s https://old.example', 'it''s https://old.example';\n",
		"\\restrict x\n--\n-- it's\nCOPY public.t (a, b) FROM stdin;\n1\t{\"a\": \"https:\\\\/\\\\/new.example.org\\\\/shop\"}\n\\N\ts:29:\"\\nhttps://new.example.org/shop\";\n\\.\n\nSELECT 'https://new.example.org/shop', E'it\\'s https://new.example.org/shop', 'it''s https://new.example.org/shop';\n"},
	{"bytea", rewrite.PostgreSQL, "COPY public.t (a) FROM stdin;\n\\\\x733a31393a2268747470733a2f2f6f6c642e6578616d706c65223b\n\\.\nINSERT INTO t VALUES ('\\x68747470733a2f2f6f6c642e6578616d706c65');",
		"COPY public.t (a) FROM stdin;\n\\\\x733a32383a2268747470733a2f2f6e65772e6578616d706c652e6f72672f73686f70223b\n\\.\nINSERT INTO t VALUES ('\\x68747470733a2f2f6e65772e6578616d706c652e6f72672f73686f70');"},
	{"comments and names", rewrite.PostgreSQL, "/* a /* 'b */ ' */ CREATE TABLE \"https://old.example'\" (a text); -- 'x\nSELECT '//old.example';", "/* a /* 'b */ ' */ CREATE TABLE \"https://old.example'\" (a text); -- 'x\nSELECT '//new.example.org/shop';"},
	{"dollars", rewrite.PostgreSQL, "CREATE FUNCTION f() AS $_$ SELECT $1, 'https://old.example'; $$ it's $$ $_$; SELECT '//old.example';", "CREATE FUNCTION f() AS $_$ SELECT $1, 'https://new.example.org/shop'; $$ it's $$ $_$; SELECT '//new.example.org/shop';"},
}

func TestDumps(t *testing.T) {
	w := newRewriter(t)
	readers := map[string]func(io.Reader) io.Reader{
		"at once":       func(r io.Reader) io.Reader { return r },
		"byte by byte":  iotest.OneByteReader,
		"end with data": iotest.DataErrReader,
	}
	for _, c := range dumps {
		for how, reader := range readers {
			want := c.new
			if want == "" {
				want = c.old
			}
			var out bytes.Buffer
			report, err := w.Dump(t.Context(), &out, reader(strings.NewReader(c.old)), c.dialect)
			if err != nil || out.String() != want {
				t.Errorf("%s, %s: %v\n got %s\nwant %s", c.name, how, err, out.String(), want)
			}
			if report.Read != int64(len(c.old)) || report.Written != int64(len(want)) || (report.Total.Values > 0) != (c.new != "") {
				t.Errorf("%s, %s: %+v", c.name, how, report)
			}
		}
	}
}

// A dump of many windows comes out right wherever their borders fall.
func TestDumpsAtEachBorder(t *testing.T) {
	const room = 4096
	w := rewrite.WithRoom(newRewriter(t), room)
	for _, c := range dumps {
		if c.name == "never ends" || c.new == "" {
			continue
		}
		for back := range len(c.old) + 2 {
			padding := "-- " + strings.Repeat("x", room-4-back) + "\n"
			var out bytes.Buffer
			if _, err := w.Dump(t.Context(), &out, strings.NewReader(padding+c.old), c.dialect); err != nil || out.String() != padding+c.new {
				t.Fatalf("%s, %d before the border: %v\n got %s\nwant %s", c.name, back, err, out.String()[min(out.Len(), len(padding)):], c.new)
			}
		}
	}
}

func TestLargeValues(t *testing.T) {
	w, err := rewrite.New(rewrite.Options{URLs: []rewrite.Pair{{Old: oldURL, New: newURL}}, MaxValue: 3 << 20})
	if err != nil {
		t.Fatal(err)
	}
	large := func(n int) string { return "'" + strings.Repeat("x\\'", n/3) + oldURL + "'" }
	for _, c := range []struct {
		dialect      rewrite.Dialect
		before, text string
		after        string
	}{
		{rewrite.MySQL, "INSERT INTO `t` VALUES (", "'" + strings.Repeat(`x\'`, 1<<20) + oldURL + "'", ",'" + oldURL + "');"},
		{rewrite.MySQL, "INSERT INTO `t` VALUES (", "0x" + strings.Repeat("4142", 1<<20), ",'" + oldURL + "');"},
		{rewrite.PostgreSQL, "COPY t (a, b) FROM stdin;\n", strings.Repeat("xyz", 1<<20) + oldURL, "\t" + oldURL + "\n\\.\n"},
		{rewrite.PostgreSQL, "INSERT INTO t VALUES (", "'" + strings.Repeat("x''", 1<<20) + oldURL + "'", ",'" + oldURL + "');"},
	} {
		var out bytes.Buffer
		report, err := w.Dump(t.Context(), &out, strings.NewReader(c.before+c.text+c.after), c.dialect)
		want := c.before + c.text + strings.ReplaceAll(c.after, oldURL, newURL)
		if err != nil || out.String() != want {
			t.Errorf("%s…: %v: not as it was", c.before, err)
		}
		if got := report.Tables["t"]; got != (rewrite.Counts{Values: 1, Plain: 1, TooLarge: 1}) {
			t.Errorf("%s…: %+v", c.before, report)
		}
	}
	// Just below the limit it is done.
	var out bytes.Buffer
	text := "INSERT INTO t VALUES (" + large(3<<20-100) + ");"
	if _, err := w.Dump(t.Context(), &out, strings.NewReader(text), rewrite.MySQL); err != nil || out.String() != strings.ReplaceAll(text, oldURL, newURL) {
		t.Errorf("%v: a large value is not rewritten", err)
	}
}

func TestReport(t *testing.T) {
	w := newRewriter(t)
	dump := "INSERT INTO `wp_a` VALUES ('https://old.example https:\\\\/\\\\/old.example //old.example https%3A%2F%2Fold.example /var/www/old');\n" +
		"INSERT  IGNORE INTO `odd ``name` VALUES ('a:1:{s:19:\\\"https://old.example'),('aHR0cHM6Ly9vbGQuZXhhbXBsZS94');INSERT INTO `same` VALUES ('x');"
	report, err := w.Dump(t.Context(), io.Discard, strings.NewReader(dump), rewrite.MySQL)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := report.Tables["wp_a"], (rewrite.Counts{Values: 1, Plain: 1, Escaped: 1, Relative: 1, Encoded: 1, Paths: 1}); got != want {
		t.Errorf("wp_a: %+v", got)
	}
	if got, want := report.Tables["odd `name"], (rewrite.Counts{Unparsed: 1, Base64: 1}); got != want || got.Left() != 2 {
		t.Errorf("odd name: %+v", got)
	}
	if len(report.Tables) != 2 || report.Total.Replaced() != 5 || report.Total.Left() != 2 {
		t.Errorf("%+v", report)
	}
}

func TestDumpStops(t *testing.T) {
	w := newRewriter(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Dump(ctx, io.Discard, strings.NewReader("x"), rewrite.MySQL); !errors.Is(err, core.ErrCancelled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := w.Dump(t.Context(), io.Discard, iotest.ErrReader(io.ErrClosedPipe), rewrite.MySQL); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a source that fails: %v", err)
	}
	full := writer(func([]byte) (int, error) { return 0, io.ErrShortWrite })
	if _, err := w.Dump(t.Context(), full, strings.NewReader("SELECT 'https://old.example'"), rewrite.PostgreSQL); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a disk that is full: %v", err)
	}
	if _, err := w.Dump(t.Context(), io.Discard, strings.NewReader(""), 7); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("an unknown dialect: %v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestRefusedOptions(t *testing.T) {
	for _, c := range []rewrite.Options{
		{URLs: []rewrite.Pair{{Old: "old.example", New: newURL}}},
		{URLs: []rewrite.Pair{{Old: "ftp://old.example", New: newURL}}},
		{URLs: []rewrite.Pair{{Old: oldURL, New: "https://user:pw@new.example"}}},
		{URLs: []rewrite.Pair{{Old: oldURL, New: "https://new.example/?a=b"}}},
		{URLs: []rewrite.Pair{{Old: oldURL, New: "https://new.example/a'b"}}},
		{URLs: []rewrite.Pair{{Old: oldURL, New: "https://new.example/a%27b"}}},
		{URLs: []rewrite.Pair{{Old: oldURL, New: "https://né.example"}}},
		{URLs: []rewrite.Pair{{Old: oldURL, New: "https://"}}},
		{URLs: []rewrite.Pair{{Old: oldURL, New: "https://new.example\n"}}},
		{Paths: []rewrite.Pair{{Old: "/", New: "/srv"}}},
		{Paths: []rewrite.Pair{{Old: "var/www", New: "/srv"}}},
		{Paths: []rewrite.Pair{{Old: "/var/www", New: "/srv/it's"}}},
		{Paths: []rewrite.Pair{{Old: "/var/www", New: "/srv/a\nb"}}},
	} {
		if _, err := rewrite.New(c); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
