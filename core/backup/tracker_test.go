package backup

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core/backup/detect"
)

// A rate is that of the last two minutes, whatever came before.
func TestRateRing(t *testing.T) {
	const second = time.Second
	for name, c := range map[string]struct {
		feed func(r *rateRing)
		at   time.Duration
		want float64
	}{
		"nothing":          {func(*rateRing) {}, 10 * second, 0},
		"too early":        {func(r *rateRing) { r.add(0, 1000) }, second / 2, 0},
		"steady":           {func(r *rateRing) { feed(r, 0, 60, 100) }, 60 * second, 100},
		"steady for long":  {func(r *rateRing) { feed(r, 0, 1000, 100) }, 1000 * second, 100},
		"faster now":       {func(r *rateRing) { feed(r, 0, 1000, 100); feed(r, 1000, 1120, 500) }, 1120 * second, 500},
		"stalled":          {func(r *rateRing) { feed(r, 0, 100, 100) }, 1000 * second, 0},
		"stalled halfway":  {func(r *rateRing) { feed(r, 0, 60, 100) }, 120 * second, 50},
		"after long pause": {func(r *rateRing) { feed(r, 0, 10, 1<<40); feed(r, 5000, 5120, 7) }, 5120 * second, 7},
	} {
		t.Run(name, func(t *testing.T) {
			r := &rateRing{}
			c.feed(r)
			if got := r.perSecond(c.at); math.Abs(got-c.want) > c.want*0.02 {
				t.Errorf("%f, want %f", got, c.want)
			}
		})
	}
}

func feed(r *rateRing, from, to, n int64) {
	for at := from; at < to; at++ {
		r.add(time.Duration(at)*time.Second+time.Millisecond, n)
	}
}

// The options follow what the installed tool knows: Oracle's mysqldump breaks
// against older servers, or without rights, unless told.
func TestDumperArguments(t *testing.T) {
	d := &dump{config: detect.Database{Name: "shop"}, without: []string{"--skip-events"}, ignore: []string{"v one"}}
	mariadb := dumper{options: map[string]bool{"--no-tablespaces": true, "--ssl-verify-server-cert": true}}
	oracle := dumper{options: map[string]bool{"--no-tablespaces": true, "--set-gtid-purged": true, "--column-statistics": true, "--get-server-public-key": true}}
	for _, c := range []struct {
		tool      dumper
		remote    bool
		has, hasn []string
	}{
		{mariadb, false, []string{"--no-tablespaces", "--skip-ssl-verify-server-cert", "--routines", "--triggers", "--skip-events", "--ignore-table=shop.v one"}, []string{"--set-gtid-purged=OFF", "--events"}},
		{mariadb, true, nil, []string{"--skip-ssl-verify-server-cert"}},
		{oracle, false, []string{"--set-gtid-purged=OFF", "--column-statistics=0", "--get-server-public-key"}, []string{"--skip-ssl-verify-server-cert"}},
		{oracle, true, []string{"--set-gtid-purged=OFF"}, []string{"--get-server-public-key"}},
	} {
		d.host.Remote = c.remote
		args := c.tool.arguments(d, "/x.cnf")
		if args[0] != "--defaults-file=/x.cnf" || !slices.Equal(args[len(args)-2:], []string{"--", "shop"}) {
			t.Errorf("%v", args)
		}
		for _, a := range append(c.has, "--single-transaction", "--quick", "--skip-lock-tables", "--hex-blob", "--complete-insert", "--default-character-set=utf8mb4") {
			if !slices.Contains(args, a) {
				t.Errorf("no %s in %v", a, args)
			}
		}
		for _, a := range c.hasn {
			if slices.Contains(args, a) {
				t.Errorf("%s in %v", a, args)
			}
		}
	}
}

func TestOptionFileQuoting(t *testing.T) {
	if got := quoteOption(`a"b\c#d 'e`); got != `"a\"b\\c#d 'e"` || strings.Contains(got, "\n") {
		t.Error(got)
	}
}
