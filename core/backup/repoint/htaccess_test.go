package repoint_test

import (
	"os"
	"strings"
	"testing"

	"breakglass/core/backup/repoint"
	"breakglass/core/backup/rewrite"
)

// wordPressRules are what WordPress writes into the .htaccess of a site below base.
func wordPressRules(base string) string {
	return "# BEGIN WordPress\n<IfModule mod_rewrite.c>\nRewriteEngine On\nRewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\nRewriteBase " + base +
		"\nRewriteRule ^index\\.php$ - [L]\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteCond %{REQUEST_FILENAME} !-d\nRewriteRule . " + base + "index.php [L]\n</IfModule>\n# END WordPress\n"
}

// A WordPress that moves into a subdirectory, out of one or from one to another finds
// its pages: the rules that it wrote itself follow, and a person's own are named.
func TestRewriteBase(t *testing.T) {
	const own = "RewriteRule ^shop/(.*)$ /blog/store/$1 [R=301]\n"
	for name, c := range map[string]struct {
		text, want string
		urls       []rewrite.Pair
		undone     string
	}{
		"into one":        {wordPressRules("/"), wordPressRules("/blog/"), []rewrite.Pair{{Old: "https://a.example", New: "https://b.example/blog"}}, ""},
		"as it was named": {wordPressRules("/blog/"), wordPressRules("/blog/blog/"), []rewrite.Pair{{Old: "https://a.example", New: "https://b.example/blog"}}, ""},
		"out of one":      {wordPressRules("/blog/"), wordPressRules("/"), []rewrite.Pair{{Old: "https://a.example/blog", New: "https://b.example"}}, ""},
		"to another":      {wordPressRules("/blog/"), wordPressRules("/a/b/"), []rewrite.Pair{{Old: "https://a.example/blog/", New: "https://b.example/a/b/"}}, ""},
		"no other path":   {wordPressRules("/blog/"), wordPressRules("/blog/"), []rewrite.Pair{{Old: "https://a.example/blog", New: "https://b.example/blog"}}, ""},
		"below it":        {wordPressRules("/blog/sub/"), wordPressRules("/sub/"), []rewrite.Pair{{Old: "https://a.example/blog", New: "https://b.example"}}, ""},
		"a like name":     {wordPressRules("/blogs/"), wordPressRules("/blogs/"), []rewrite.Pair{{Old: "https://a.example/blog", New: "https://b.example"}}, ""},
		"two new ones":    {wordPressRules("/blog/"), wordPressRules("/blog/"), []rewrite.Pair{{Old: "https://a.example/blog", New: "https://b.example/x"}, {Old: "https://c.example/blog", New: "https://b.example/y"}}, "RewriteBase RewriteRule"},
		"a rule of one's": {own + wordPressRules("/blog/"), own + wordPressRules("/"), []rewrite.Pair{{Old: "https://a.example/blog", New: "https://b.example"}}, "RewriteRule"},
		"an odd path":     {wordPressRules("/"), wordPressRules("/"), []rewrite.Pair{{Old: "https://a.example", New: "https://b.example/a+b"}}, "RewriteBase RewriteRule"},
		"a comment":       {"# RewriteBase /blog/\nrewritebase \"/blog\"\r\n", "# RewriteBase /blog/\nrewritebase \"/new\"\r\n", []rewrite.Pair{{Old: "https://a.example/blog", New: "https://b.example/new"}}, ""},
	} {
		dir, root := site(t, map[string]string{".htaccess": c.text, "wp-config.php": "<?php\n"})
		changes, err := repointed(root, repoint.Options{Kind: "WordPress 6.6", URLs: c.urls})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := read(t, dir, ".htaccess"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		if left := undone(changes); (left == "") != (c.undone == "") || !strings.Contains(left, c.undone) {
			t.Errorf("%s: left to a person: %q", name, left)
		}
	}
}

// An .htaccess that is a link is left, and does not keep the configuration from being
// changed.
func TestRewriteBaseBehindALink(t *testing.T) {
	dir, root := site(t, map[string]string{"other": wordPressRules("/"), "wp-config.php": "<?php\ndefine('WP_HOME', 'https://a.example');\n"})
	if err := os.Symlink("other", dir+"/.htaccess"); err != nil {
		t.Fatal(err)
	}
	changes, err := repointed(root, repoint.Options{Kind: "WordPress", URLs: []rewrite.Pair{{Old: "https://a.example", New: "https://b.example/blog"}}})
	if err != nil || !strings.Contains(undone(changes), "RewriteBase") {
		t.Errorf("%v %v", changes, err)
	}
	if got := read(t, dir, "wp-config.php"); !strings.Contains(got, "https://b.example/blog") {
		t.Error(got)
	}
	if got := read(t, dir, "other"); got != wordPressRules("/") {
		t.Error(got)
	}
}
