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

// A PrestaShop has its host by itself, twice beside the path, and behind two names of
// its configuration. Any other value that is a host stays: the mail's server does.
func TestShop(t *testing.T) {
	const dump = "INSERT INTO `ps_configuration` VALUES (1,NULL,NULL,'PS_SHOP_DOMAIN','a.example','2020-01-01 00:00:00','2020-01-01 00:00:00')," +
		"(2,NULL,NULL,'PS_SHOP_DOMAIN_SSL','a.example','2020-01-01 00:00:00','x'),(3,NULL,NULL,'PS_MAIL_SERVER','a.example','x','a.example')," +
		"(4,NULL,NULL,'PS_SHOP_DOMAIN_OTHER','a.example','x','x'),(5,NULL,NULL,'PS_SHOP_DOMAIN',NULL,'x','x');\n" +
		"INSERT INTO `ps_shop_url` VALUES (1,1,'a.example','www.a.example','/shop/','',1,1),(2,2,'b.example','b.example','/shop/','two/',1,1);\n" +
		"INSERT INTO `ps_other` VALUES ('PS_SHOP_DOMAIN','a.example');\n"
	w, err := rewrite.New(rewrite.Options{URLs: []rewrite.Pair{{Old: "https://a.example/shop", New: "https://new.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("'PS_SHOP_DOMAIN','a.example','2", "'PS_SHOP_DOMAIN','new.example','2", "'PS_SHOP_DOMAIN_SSL','a.example'", "'PS_SHOP_DOMAIN_SSL','new.example'",
		"(1,1,'a.example','www.a.example','/shop/'", "(1,1,'new.example','new.example','/'").Replace(dump)
	var out bytes.Buffer
	if _, err := w.Dump(t.Context(), &out, strings.NewReader(dump), rewrite.MySQL); err != nil || out.String() != want {
		t.Errorf("%v\n got %s\nwant %s", err, out.String(), want)
	}
}
