package backup

import (
	"strings"
	"testing"
)

// PostgreSQL has a port of its own, sockets that are named by their directory,
// and no host at all for the usual one.
func TestParsePostgresHost(t *testing.T) {
	for text, want := range map[string]dbHost{
		"127.0.0.1":             {Host: "127.0.0.1", Port: 5432},
		"localhost":             {Host: "127.0.0.1", Port: 5432},
		"localhost:5433":        {Host: "127.0.0.1", Port: 5433},
		"::1":                   {Host: "::1", Port: 5432},
		"":                      {Socket: "/var/run/postgresql/.s.PGSQL.5432", Port: 5432},
		"/run/pg":               {Socket: "/run/pg/.s.PGSQL.5432", Port: 5432},
		"/run/pg/.s.PGSQL.6000": {Socket: "/run/pg/.s.PGSQL.6000", Port: 6000},
	} {
		if got, err := parseDBHost(driverPostgres, text, ""); err != nil || got != want {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
	if _, err := parseDBHost(driverPostgres, "db.example", ""); err == nil {
		t.Error("another machine was taken")
	}
}

func TestJoinDBHost(t *testing.T) {
	for _, c := range []struct {
		driver             dbDriver
		host, port, socket string
		want               string
	}{
		{driverMySQL, "127.0.0.1", "3307", "", "127.0.0.1:3307"},
		{driverMySQL, "127.0.0.1", "", "", "127.0.0.1"},
		{driverMySQL, "::1", "3307", "", "[::1]:3307"},
		{driverMySQL, "[::1]", "3307", "", "[::1]:3307"},
		{driverMySQL, "db:3308", "3307", "", "db:3308"},
		{driverMySQL, "localhost", "3306", "/run/m.sock", "/run/m.sock"},
		{driverMySQL, "localhost:/run/m.sock", "3306", "", "localhost:/run/m.sock"},
		{driverMySQL, "", "3306", "", ""},
		{driverPostgres, "", "5433", "", "/var/run/postgresql/.s.PGSQL.5433"},
		{driverPostgres, "/run/pg", "5433", "", "/run/pg/.s.PGSQL.5433"},
		{driverPostgres, "localhost", "5433", "", "localhost:5433"},
	} {
		if got := joinDBHost(c.driver, c.host, c.port, c.socket); got != c.want {
			t.Errorf("%s %q %q %q: %q, want %q", c.driver, c.host, c.port, c.socket, got, strings.TrimSpace(c.want))
		}
	}
}
