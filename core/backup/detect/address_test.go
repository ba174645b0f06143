package detect

import (
	"errors"
	"strings"
	"testing"

	"breakglass/core"
)

// PostgreSQL has a port of its own, sockets that are named by their directory,
// and no host at all for the usual one.
func TestParsePostgresHost(t *testing.T) {
	for text, want := range map[string]Address{
		"127.0.0.1":             {Host: "127.0.0.1", Port: 5432},
		"localhost":             {Host: "127.0.0.1", Port: 5432},
		"localhost:5433":        {Host: "127.0.0.1", Port: 5433},
		"::1":                   {Host: "::1", Port: 5432},
		"":                      {Socket: "/var/run/postgresql/.s.PGSQL.5432", Port: 5432},
		"/run/pg":               {Socket: "/run/pg/.s.PGSQL.5432", Port: 5432},
		"/run/pg/.s.PGSQL.6000": {Socket: "/run/pg/.s.PGSQL.6000", Port: 6000},
	} {
		if got, err := ParseAddress(Postgres, text, ""); err != nil || got != want {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
	if _, err := ParseAddress(Postgres, "db.example", ""); err == nil {
		t.Error("another machine was taken")
	}
}

func TestJoinAddress(t *testing.T) {
	for _, c := range []struct {
		driver             Driver
		host, port, socket string
		want               string
	}{
		{MySQL, "127.0.0.1", "3307", "", "127.0.0.1:3307"},
		{MySQL, "127.0.0.1", "", "", "127.0.0.1"},
		{MySQL, "::1", "3307", "", "[::1]:3307"},
		{MySQL, "[::1]", "3307", "", "[::1]:3307"},
		{MySQL, "db:3308", "3307", "", "db:3308"},
		{MySQL, "localhost", "3306", "/run/m.sock", "/run/m.sock"},
		{MySQL, "localhost:/run/m.sock", "3306", "", "localhost:/run/m.sock"},
		{MySQL, "", "3306", "", ""},
		{Postgres, "", "5433", "", "/var/run/postgresql/.s.PGSQL.5433"},
		{Postgres, "/run/pg", "5433", "", "/run/pg/.s.PGSQL.5433"},
		{Postgres, "localhost", "5433", "", "localhost:5433"},
	} {
		if got := joinAddress(c.driver, c.host, c.port, c.socket); got != c.want {
			t.Errorf("%s %q %q %q: %q, want %q", c.driver, c.host, c.port, c.socket, got, strings.TrimSpace(c.want))
		}
	}
}

func TestParseAddress(t *testing.T) {
	for _, c := range []struct {
		text, vouched string
		want          Address
		ok            bool
	}{
		{"127.0.0.1", "", Address{Host: "127.0.0.1", Port: 3306}, true},
		{"127.0.0.9:3307", "", Address{Host: "127.0.0.9", Port: 3307}, true},
		{"localhost:/tmp/x.sock", "", Address{Socket: "/tmp/x.sock"}, true},
		{":/tmp/x.sock", "", Address{Socket: "/tmp/x.sock"}, true},
		{"/tmp/x.sock", "", Address{Socket: "/tmp/x.sock"}, true},
		{"::1", "", Address{Host: "::1", Port: 3306}, true},
		{"[::1]:3307", "", Address{Host: "::1", Port: 3307}, true},
		{"[::1]", "", Address{Host: "::1", Port: 3306}, true},
		{"[::ffff:127.0.0.1]:3306", "", Address{Host: "::ffff:127.0.0.1", Port: 3306}, true},
		{"db.example", "", Address{}, false},
		{"db.example", "db.example", Address{Host: "db.example", Port: 3306, Remote: true}, true},
		{"DB.example:3307", "db.example", Address{Host: "DB.example", Port: 3307, Remote: true}, true},
		{"db.example:3307", "db.example:3306", Address{}, false},
		{"db.example:3306", "db.example:3306", Address{Host: "db.example", Port: 3306, Remote: true}, true},
		{"db.example.evil", "db.example", Address{}, false},
		{"10.0.0.1", "", Address{}, false},
		{"[10.0.0.1]", "", Address{}, false},
		{"fe80::1%eth0", "fe80::1%eth0", Address{}, false},
		{"0.0.0.0", "", Address{}, false},
		{"", "", Address{}, false},
		{"host:port", "host", Address{}, false},
		{"host:99999", "host", Address{}, false},
		{"host:0", "host", Address{}, false},
		{"-h", "-h", Address{}, false},
		{"a b", "a b", Address{}, false},
		{"localhost:/tmp/../etc/x", "", Address{}, false},
		{"evil host:/tmp/x", "", Address{}, false},
		{"[::1", "", Address{}, false},
		{"localhost:/" + strings.Repeat("x", 200), "", Address{}, false},
	} {
		got, err := ParseAddress(MySQL, c.text, c.vouched)
		if (err == nil) != c.ok || c.ok && got != c.want {
			t.Errorf("%q for %q: %+v %v", c.text, c.vouched, got, err)
		}
		if err != nil && !errors.Is(err, core.ErrDatabase) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	if h, err := ParseAddress(MySQL, "localhost", ""); err != nil || h.Remote || h.Socket == "" && h.Host != "127.0.0.1" {
		t.Errorf("localhost: %+v %v", h, err)
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"localhost:/a", "[::1]:3", "::1", "a:1", ":/", "[", "]:"} {
		f.Add(seed, "db.example")
	}
	f.Fuzz(func(t *testing.T, text, vouched string) {
		h, err := ParseAddress(MySQL, text, vouched)
		if err == nil && (h.Socket == "") == (h.Host == "") {
			t.Fatalf("%q: %+v", text, h)
		}
		if err == nil && strings.ContainsAny(h.Socket+h.Host, "\"\\# ;'") {
			t.Fatalf("%q: %+v", text, h)
		}
	})
}
