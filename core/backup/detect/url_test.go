package detect

import (
	"errors"
	"strings"
	"testing"

	"breakglass/core"
)

// No refusal repeats a part of a URL: a password is in it.
func FuzzDatabaseURL(f *testing.F) {
	for _, seed := range []string{"mysql://u:p@h:3306/d?charset=utf8", "postgres://%2Frun/d", "sqlite:///x", "mysql://[::1]/d", "://", "mysql://u:%zz@h/d?%zz", "sqlite::memory:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseURL("FILE", "LABEL", text)
		var refusal *core.Refusal
		if err != nil && (!errors.As(err, &refusal) || refusal.Cause != nil) {
			t.Fatalf("%v", err)
		}
		if err == nil && c.Driver == "" {
			t.Fatalf("%q: no driver", text)
		}
	})
}

func TestDatabaseURL(t *testing.T) {
	for text, want := range map[string]string{
		"mysql://u:p@localhost/d":                               "mysql u p localhost d",
		"mysql://u:p%40%2F%23@127.0.0.1:3307/d?charset=utf8mb4": "mysql u p@/# 127.0.0.1:3307 d",
		"mysql://u@[::1]:3307/d":                                "mysql u  [::1]:3307 d",
		"mysql://u:a:b@c@h/d":                                   "mysql u a:b@c h d",
		"pdo-mysql://u:100%@h/d":                                "mysql u 100% h d",
		"mysql://u:p@localhost/d?unix_socket=/run/x.sock":       "mysql u p /run/x.sock d",
		"mysql:///d":                            "mysql   localhost d",
		"postgresql://u:p@/d?host=/run/pg":      "pgsql u p /run/pg d",
		"postgres://u:p@%2Frun%2Fpg/d":          "pgsql u p /run/pg d",
		"pgsql://u:p@h:5433/d?serverVersion=16": "pgsql u p h:5433 d",
		"sqlite:////srv/x.db":                   "sqlite    /srv/x.db",
		"sqlite:///var/x.db?mode=rw":            "sqlite    var/x.db",
		"oracle://u:p@h/d":                      "",
		"u:p@h/d":                               "",
		"mysql://u:p/x@h/d":                     "",
		"mysql://u:p#x@h/d":                     "",
	} {
		c, err := ParseURL("f", "l", text)
		got := ""
		if err == nil {
			got = strings.Join([]string{string(c.Driver), c.User, c.Password.Reveal(), c.Host, c.Name}, " ")
		}
		if got != want {
			t.Errorf("%s: %q %v, want %q", text, got, err, want)
		}
	}
}
