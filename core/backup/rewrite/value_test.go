package rewrite_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"breakglass/core/backup/rewrite"
)

const (
	oldURL = "https://old.example"
	newURL = "https://new.example.org/shop"
)

func newRewriter(t testing.TB) *rewrite.Rewriter {
	t.Helper()
	w, err := rewrite.New(rewrite.Options{
		URLs:  []rewrite.Pair{{Old: oldURL, New: newURL}, {Old: "https://old.example/blog/", New: "http://blog.example:8080"}},
		Paths: []rewrite.Pair{{Old: "/var/www/old", New: "/srv/new/html"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// str is text as PHP serializes it.
func str(text string) string { return fmt.Sprintf(`s:%d:"%s";`, len(text), text) }

// inJSON is text as it stands in a JSON string.
func inJSON(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `/`, `\/`, "\n", `\n`, "é", `\u00e9`, "🦊", `\ud83e\udd8a`).Replace(text)
}

// values are what a value becomes; an empty "new" says that it stays.
var values = []struct{ name, old, new string }{
	{"plain", `see https://old.example/a and http://old.example`, `see https://new.example.org/shop/a and https://new.example.org/shop`},
	{"whole", oldURL, newURL},
	{"with slash", `https://old.example/`, `https://new.example.org/shop/`},
	{"www", `https://www.old.example/x`, `https://new.example.org/shop/x`},
	{"capitals", `HTTPS://Old.Example/x`, `https://new.example.org/shop/x`},
	{"end of a sentence", `It is https://old.example.`, `It is https://new.example.org/shop.`},
	{"query", `https://old.example?p=1`, `https://new.example.org/shop?p=1`},
	{"fragment", `https://old.example#top`, `https://new.example.org/shop#top`},
	{"attribute", `<a href="//old.example/x">`, `<a href="//new.example.org/shop/x">`},
	{"other scheme", `wss://old.example/x`, `wss://new.example.org/shop/x`},
	{"standard port", `https://old.example:443/x http://old.example:80/y`, `https://new.example.org/shop/x https://new.example.org/shop/y`},
	{"other port", `https://old.example:8443/x`, ``},
	{"longer host", `https://old.example.com/ https://old.exampleshop/ https://old.example-shop/ https://bold.example/ https://x.old.example/`, ``},
	{"longer host of other letters", "https://old.exampleé/ https://old.example.é", ``},
	{"mail", `user@old.example mailto:user@old.example https://user@old.example/`, ``},
	{"name with an at", `https://old.example@evil.example/`, ``},
	{"bare host", `old.example`, ``},
	{"longer path wins", `https://old.example/blog/2020 https://old.example/blog https://old.example/blogger`, `http://blog.example:8080/2020 http://blog.example:8080 https://new.example.org/shop/blogger`},
	{"escaped", `{"u":"https:\/\/old.example\/blog\/x","v":"\/\/old.example"}`, `{"u":"http:\/\/blog.example:8080\/x","v":"\/\/new.example.org\/shop"}`},
	{"escaped, behind a line break", `"a\nhttps:\/\/old.example\/"`, `"a\nhttps:\/\/new.example.org\/shop\/"`},
	{"escaped twice", `"{\"u\":\"https:\\\/\\\/old.example\\\/x\"}"`, `"{\"u\":\"https:\\\/\\\/new.example.org\\\/shop\\\/x\"}"`},
	{"URL-encoded", `?u=https%3A%2F%2Fold.example%2Fblog%2Fx&v=http%3a%2f%2fold.example`, `?u=http%3A%2F%2Fblog.example%3A8080%2Fx&v=https%3a%2f%2fnew.example.org%2fshop`},
	{"URL-encoded twice", `?u=https%253A%252F%252Fold.example%252Fx`, `?u=https%253A%252F%252Fnew.example.org%252Fshop%252Fx`},
	{"URL-encoded, colon plain", `?u=https:%2F%2Fold.example%2Fx`, `?u=https:%2F%2Fnew.example.org%2Fshop%2Fx`},
	{"path", `/var/www/old/wp-content '/var/www/old' /var/www/old. file:///var/www/old/x`, `/srv/new/html/wp-content '/srv/new/html' /srv/new/html. file:///srv/new/html/x`},
	{"path, escaped", `"\/var\/www\/old\/x" a\n/var/www/old`, `"\/srv\/new\/html\/x" a\n/srv/new/html`},
	{"path, encoded", `x=%2Fvar%2Fwww%2Fold%2Fx`, `x=%2Fsrv%2Fnew%2Fhtml%2Fx`},
	{"other path", `/var/www/older /backup/var/www/old /var/www/old.bak /var/www/old-1 ../var/www/old`, ``},
	{"path of a URL", `https://old.example/var/www/old`, `https://new.example.org/shop/var/www/old`},
	{"path in another URL", `https://other.example/var/www/old`, ``},

	{"serialized", `a:1:{s:3:"url";` + str(oldURL) + `}`, `a:1:{s:3:"url";` + str(newURL) + `}`},
	{"serialized, white space around", " " + str(oldURL) + "\n", " " + str(newURL) + "\n"},
	{"serialized, more behind", str(oldURL) + " " + oldURL, str(newURL) + " " + newURL},
	{"all kinds", "a:9:{i:0;N;i:1;b:1;i:2;d:-1.5E-7;i:3;i:-5;i:4;R:2;i:5;d:NAN;i:6;O:3:\"Foo\":2:{s:6:\"\x00Foo\x00a\";" + str(oldURL) + "s:4:\"\x00*\x00b\";r:8;}i:7;E:7:\"Suit:Ab\";i:8;C:3:\"Bar\":27:{" + str(oldURL) + "}}",
		"a:9:{i:0;N;i:1;b:1;i:2;d:-1.5E-7;i:3;i:-5;i:4;R:2;i:5;d:NAN;i:6;O:3:\"Foo\":2:{s:6:\"\x00Foo\x00a\";" + str(newURL) + "s:4:\"\x00*\x00b\";r:8;}i:7;E:7:\"Suit:Ab\";i:8;C:3:\"Bar\":36:{" + str(newURL) + "}}"},
	{"signs counted for bytes", `s:23:"é é https://old.example";`, ``},
	{"bytes of other letters", str("é 🦊 " + oldURL), str("é 🦊 " + newURL)},
	{"quotes and semicolons within", str(`";` + str(oldURL)), str(`";` + str(newURL))},
	{"PHP's old strings, wrong", `S:20:"\c3\a9https://old.example/";`, ``},
	{"PHP's old strings", `S:22:"\c3\a9https://old.example/";`, `S:31:"\c3\a9https://new.example.org/shop/";`},
	{"serialized in serialized", str("a:1:{" + str("u") + str(str(oldURL)) + "}"), str("a:1:{" + str("u") + str(str(newURL)) + "}")},
	{"serialized in JSON", `{"o":"` + inJSON("a:1:{"+str("é\n🦊")+str(oldURL)+"}") + `"}`, `{"o":"` + inJSON("a:1:{"+str("é\n🦊")+str(newURL)+"}") + `"}`},
	{"serialized in JSON in JSON", `{"o":"` + inJSON(`{"p":"`+inJSON(str("é"+oldURL))+`"}`) + `"}`, `{"o":"` + inJSON(`{"p":"`+inJSON(str("é"+newURL))+`"}`) + `"}`},
	{"JSON in serialized in JSON", inJSON(str(`{"u":"` + inJSON(oldURL) + `"}`)), inJSON(str(`{"u":"` + inJSON(newURL) + `"}`))},
	{"serialized, slashed", `it\'s s:19:\"https://old.example\";`, `it\'s s:28:\"https://new.example.org/shop\";`},
	{"serialized, URL-encoded", `a%3A1%3A%7Bi%3A0%3Bs%3A19%3A%22https%3A%2F%2Fold.example%22%3B%7D`, `a%3A1%3A%7Bi%3A0%3Bs%3A28%3A%22https%3A%2F%2Fnew.example.org%2Fshop%22%3B%7D`},
	{"session", "user|" + str(oldURL) + "n|i:1;", "user|" + str(newURL) + "n|i:1;"},
	{"keys", `a:1:{` + str(oldURL) + `i:1;}`, `a:1:{` + str(newURL) + `i:1;}`},
	{"keys that would be one", `a:2:{` + str(oldURL) + `i:1;` + str("http://old.example") + str(oldURL) + `}`, `a:2:{` + str(oldURL) + `i:1;` + str("http://old.example") + str(newURL) + `}`},

	{"truncated", `a:2:{` + str("u") + str(oldURL) + `s:1:"v";s:5:"tr`, ``},
	{"wrong length", `s:18:"https://old.example";`, ``},
	{"wrong number", `a:2:{i:0;` + str(oldURL) + `}`, ``},
	{"broken within", `a:1:{i:0;` + str(`a:1:{i:0;s:9:"https://old.example";}`) + `}`, ``},
	{"broken within a session", `u|` + str(`a:1:{i:0;s:9:"https://old.example";}`), ``},
	{"base64", `aHR0cHM6Ly9vbGQuZXhhbXBsZS94`, ``},
}

func TestValues(t *testing.T) {
	w := newRewriter(t)
	for _, c := range values {
		want := c.new
		if want == "" {
			want = c.old
		}
		in := []byte(c.old)
		got, counts := w.Value("", in)
		if string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
		if !bytes.Equal(in, []byte(c.old)) {
			t.Errorf("%s: what went in was written to: %q", c.name, in)
		}
		if changed := c.new != ""; changed != (counts.Values == 1) || changed != (counts.Replaced() > 0) {
			t.Errorf("%s: %+v", c.name, counts)
		}
	}
}
