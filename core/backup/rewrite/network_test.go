package rewrite_test

import (
	"bytes"
	"strings"
	"testing"

	"breakglass/core/backup/rewrite"
)

// The paths of a WordPress network's sites follow its address, into a folder, out of
// one, and from one to another.
func TestNetworkPaths(t *testing.T) {
	for _, c := range []struct{ old, new, host, path, want string }{
		{"https://a.example", "https://b.example/net", "a.example", "/", "/net/"},
		{"https://a.example", "https://b.example/net/", "www.a.example", "/blog/", "/net/blog/"},
		{"https://a.example/wp", "https://b.example", "a.example", "/wp/", "/"},
		{"https://a.example/wp", "https://b.example", "a.example", "/wp/blog/", "/blog/"},
		{"https://a.example/wp", "https://b.example/x/y", "a.example", "/wp/blog/", "/x/y/blog/"},
		{"https://a.example/wp", "https://b.example", "a.example", "/wpx/", "/wpx/"},
		{"https://a.example/wp", "https://b.example", "a.example", "/", "/"},
		{"https://a.example:8080", "https://a.example/net", "a.example:8080", "/", "/net/"},
		{"https://a.example", "https://a.example/net", "a.example", "/blog/", "/net/blog/"},
		{"https://a.example", "https://b.example", "a.example", "/blog/", "/blog/"},
		{"https://a.example", "https://b.example/net", "blog.a.example", "/", "/"},
	} {
		w, err := rewrite.New(rewrite.Options{URLs: []rewrite.Pair{{Old: c.old, New: c.new}}})
		if err != nil {
			t.Fatal(err)
		}
		if got, changed := w.NetworkPath("wp_blogs", c.host, c.path); got != c.want || changed != (c.want != c.path) {
			t.Errorf("%s to %s: %s%s became %s", c.old, c.new, c.host, c.path, got)
		}
		if got, changed := w.NetworkPath("wp_options", c.host, c.path); changed {
			t.Errorf("in another table it became %s", got)
		}
		dump := "INSERT INTO `wp_blogs` (`blog_id`, `site_id`, `domain`, `path`, `registered`) VALUES (1,1,'" + c.host + "','" + c.path + "','2020-01-01 00:00:00');\n"
		var out bytes.Buffer
		if _, err := w.Dump(t.Context(), &out, strings.NewReader(dump), rewrite.MySQL); err != nil || !strings.Contains(out.String(), "','"+c.want+"','2020") {
			t.Errorf("%s to %s: %v %s", c.old, c.new, err, out.String())
		}
	}
}
