package repoint

import (
	"net"
	"net/url"
	"strings"
)

// databaseURL is the URL of the new database in the manner of the old one: with
// its scheme and what it asks for beside the database. Where a reader looks for
// names between two %, each stands twice.
func databaseURL(old string, d Database, percents bool) string {
	scheme, rest, ok := strings.Cut(old, "://")
	if !ok {
		scheme = "mysql"
		if d.Driver == "pgsql" {
			scheme = "postgresql"
		}
	}
	_, query, _ := strings.Cut(rest, "?")
	var kept []string
	for _, part := range strings.Split(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if part != "" && name != "unix_socket" && name != "host" {
			kept = append(kept, part)
		}
	}
	host := d.host()
	switch {
	case d.Socket != "" && d.Driver == "pgsql":
		kept = append(kept, "host="+escapeURL(d.Socket))
	case d.Socket != "":
		kept = append(kept, "unix_socket="+escapeURL(d.Socket))
	default:
		host = net.JoinHostPort(host, d.port())
	}
	text := scheme + "://" + escapeURL(d.User) + ":" + escapeURL(d.Password.Reveal()) + "@" + host + "/" + escapeURL(d.Name)
	if len(kept) > 0 {
		text += "?" + strings.Join(kept, "&")
	}
	if percents {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "%%", "%"), "%", "%%")
	}
	return text
}

// escapeURL escapes all that means something anywhere in a URL.
func escapeURL(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
