// Package rewrite moves a database to another address: it replaces the URL and
// the directories of a site in a dump of that site's database, or in single
// values of it. Bytes come in and bytes go out; it knows no files and no
// network.
//
// A newcomer starts with [New] and [Rewriter.Dump]:
//
//	w, err := rewrite.New(rewrite.Options{
//		URLs:  []rewrite.Pair{{Old: "https://old.example", New: "https://new.example/shop"}},
//		Paths: []rewrite.Pair{{Old: "/var/www/old", New: "/srv/new"}},
//	})
//	report, err := w.Dump(ctx, mysql, dump, rewrite.MySQL)
//
// Values of SQLite, which have no dump, go through [Rewriter.Value] one by one.
//
// # What is found
//
// A URL is found by its host behind two slashes, with http:, https:, another
// scheme or none before them. The slashes may be plain, escaped any number of
// times (\/, \\\/, as JSON has them) or URL-encoded (%2F, %252F); the new URL is
// written in the form in which the old one stood. The scheme becomes that of the
// new URL, whichever of http and https it was; any other scheme stays. The host
// with www. before it counts as the same site. Case does not matter in hosts. Of
// several old URLs with one host the longest path that matches wins.
//
// A match ends where the host or the path ends: https://old.example is neither
// https://old.example.com nor https://old.example-shop. Another port is another
// service and stays (:80 and :443 are none). user@old.example is an address for
// mail and stays. A host by itself, without slashes, stays too, but in the
// tables of a WordPress network that list its sites (…blogs, …site) and of a
// PrestaShop that list its shops (…shop_url), where a value that is the old host
// and nothing else becomes the new one, and the path right behind it the path below
// the new one; and behind PS_SHOP_DOMAIN and PS_SHOP_DOMAIN_SSL in …configuration.
//
// A path is found whole, in the same forms, URL-encoded twice at most:
// /var/www/old is neither /var/www/older nor /backup/var/www/old.
//
// Every column is treated alike, the guid of wp_posts included: who restores to
// another address takes the site over for good and wants no trace of the old.
//
// # What is kept whole
//
// Values that PHP serialized stay readable to PHP: lengths are counted anew, at
// any depth, in serialized values within serialized values, in JSON, in
// URL-encoded text, in session data (name|s:3:"abc";) and in hexadecimal
// literals. Array keys that hold the old URL are rewritten like values, unless
// two keys of one array would become the same: then the keys of that array stay
// and are counted. Names of classes stay; those, and names of declared
// properties, cannot hold a slash.
//
// What cannot be known is left byte for byte and counted: a value that looks
// serialized but does not parse (PHP could not read it either), base64 that
// holds the old URL, a value above the limit of size. Everything else in a dump
// that is not part of a match comes out as the very bytes that went in.
//
// # How
//
// Each file reads one layer. The dump (window.go, mysql.go, postgres.go) is cut
// into literals; a finder (find.go) says in one pass over the bytes, whatever
// the number of things to look for, which of them may hold something; those are
// decoded (codec.go, sqlcodec.go), searched (value.go, serialized.go, match.go),
// and the answer is a list of edits (edit.go). Edits are carried back through
// the layers to the place in the dump where the bytes stand, so that nothing
// but them is ever written anew.
package rewrite
