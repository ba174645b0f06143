package restore_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/restore"
)

// Everything of a site comes back, at its new address and in its new place, and
// nothing comes with it that a hostile archive could use.
func TestRestore(t *testing.T) {
	w := newWorld(t, "r_whole")
	w.makeDatabase()
	report, err := restore.Run(t.Context(), w.order())
	if err != nil {
		t.Fatalf("%v\n%s", err, w.said())
	}
	for path, want := range map[string]fs.FileMode{
		"wp-content/deep": fs.ModeDir | 0o555, "index.php": 0o755, "wp-content/deep/one.txt": 0o644, "wp-content/link": fs.ModeSymlink | 0o777,
	} {
		info, err := os.Lstat(filepath.Join(w.target, path))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v", path, info, err)
		}
		before, err := os.Lstat(filepath.Join(w.root+".gone", path))
		check(t, err)
		if info.Mode().Type() != fs.ModeSymlink && !info.ModTime().Equal(before.ModTime()) {
			t.Errorf("%s is of %v and was of %v", path, info.ModTime(), before.ModTime())
		}
	}
	if to, err := os.Readlink(filepath.Join(w.target, "wp-content/absolute")); err != nil || to != filepath.Join(w.target, "index.php") {
		t.Errorf("%s %v", to, err)
	}
	for query, want := range map[string]string{
		"SELECT GROUP_CONCAT(option_value ORDER BY option_id) FROM wp_options":                    `https://new.example/wp,https://new.example,a:1:{s:1:"u";s:21:"https://new.example/x";}`,
		"SELECT body FROM wp_posts WHERE id = 3":                                                  `<a href="https://new.example/3">` + w.target + `/wp-content</a> \\! ; -- it's`,
		"SELECT COUNT(*) FROM wp_view":                                                            "500",
		"SELECT born FROM wp_posts WHERE id = 7":                                                  "0000-00-00 00:00:00",
		"SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()":            w.name + "@localhost",
		"SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()":       w.name + "@localhost",
		"SELECT COUNT(*) FROM wp_posts WHERE size = char_length(body)":                            "500",
		"SELECT COUNT(*) FROM wp_posts WHERE body LIKE '%old.example%' OR body LIKE '%www/acme%'": "0",
	} {
		if got := w.query(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	out, err := exec.Command("sqlite3", filepath.Join(w.target, "wp-content/app.db"), "SELECT a, b FROM t; SELECT name FROM sqlite_schema WHERE type = 'trigger'").CombinedOutput()
	if want := "see https://new.example/y|a:1:{i:0;s:20:\"https://new.example/\";}\nnone|\nno\n"; err != nil || string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
	config, err := os.ReadFile(filepath.Join(w.target, "wp-config.php"))
	check(t, err)
	info, err := os.Lstat(filepath.Join(w.target, "wp-config.php"))
	check(t, err)
	if !strings.Contains(string(config), "'DB_NAME', '"+w.into+"'") || info.Mode() != 0o644 {
		t.Errorf("%v %s", info.Mode(), config)
	}
	if report.Replaced.Values < 500 || len(report.URLs) != 1 || !report.Proven || report.Links != 1 || len(report.Pointed) == 0 {
		t.Errorf("%+v", report)
	}
	text, err := os.ReadFile(w.target + ".restore/report.txt")
	if err != nil || !strings.Contains(string(text), "Left to do by hand") || !strings.Contains(string(text), "1 files had setuid") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := os.Lstat(w.target + ".restore/archive/database/" + w.name); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the dump is still there")
	}
	if strings.Contains(w.said(), "✗") {
		t.Error(w.said())
	}
	// Once more would overwrite it.
	if _, err := restore.Run(t.Context(), w.order()); !errors.Is(err, core.ErrExists) || !strings.Contains(err.Error(), "restored already") {
		t.Errorf("%v", err)
	}
}

// A look changes nothing, whatever it finds.
func TestDryRun(t *testing.T) {
	w := newWorld(t, "r_dry")
	w.makeDatabase()
	o := w.order()
	o.DryRun = true
	report, err := restore.Run(t.Context(), o)
	if err != nil || report.Tables != 4 || report.Target != "" {
		t.Errorf("%v %+v", err, report)
	}
	w.untouched()
	if got := w.query("SHOW TABLES"); got != "" {
		t.Error(got)
	}
	if !strings.Contains(w.said(), "✓ Longest statement") || !strings.Contains(w.said(), "✓ Character sets") {
		t.Error(w.said())
	}
}

// A password is tried as it is typed; what else may be wrong there is left to the
// preflight.
func TestPasswordRefused(t *testing.T) {
	w := newWorld(t, "r_password")
	w.makeDatabase()
	d := w.order().Databases[0].Database
	elsewhere, wrong := d, d
	wrong.Password, elsewhere.Server.Socket = core.NewSecret("x"), "/nonexistent/s"
	for name, c := range map[string]struct {
		d    restore.Database
		want string
	}{"right": {d, ""}, "wrong": {wrong, "The server refuses the user “" + d.User + "” with that password; check both."}, "no server": {elsewhere, ""}} {
		if got, err := restore.PasswordRefused(t.Context(), c.d); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// What cannot work is refused in one sentence before anything is touched.
func TestRestoreRefusesBeforeItTouches(t *testing.T) {
	w := newWorld(t, "r_refuse")
	w.makeDatabase()
	check(t, server.SQL("", "CREATE USER IF NOT EXISTS r_weak@localhost IDENTIFIED BY 'weak'; GRANT SELECT, INSERT ON `r\\_refuse\\_new`.* TO r_weak@localhost"))
	other := filepath.Join(filepath.Dir(filepath.Dir(w.target)), "other")
	check(t, os.MkdirAll(filepath.Join(other, "full"), 0o755))
	check(t, os.WriteFile(filepath.Join(other, "full", "file"), nil, 0o600))
	check(t, os.WriteFile(filepath.Join(other, "file"), nil, 0o600))
	check(t, os.Symlink("full", filepath.Join(other, "link")))
	for name, c := range map[string]struct {
		change   func(o *restore.Order)
		sentence string
	}{
		"target not empty": {func(o *restore.Order) { o.Target = filepath.Join(other, "full") }, "is not empty: it holds “file”"},
		"target a file":    {func(o *restore.Order) { o.Target = filepath.Join(other, "file") }, "is not a directory"},
		"target a link":    {func(o *restore.Order) { o.Target = filepath.Join(other, "link") }, "is a link"},
		"no parent":        {func(o *restore.Order) { o.Target = filepath.Join(other, "a/b") }, "make it first"},
		"the top":          {func(o *restore.Order) { o.Target = "/" }, "cannot be restored to"},
		"no server":        {func(o *restore.Order) { o.Databases[0].Server.Socket = "/nonexistent/s" }, "no server answers"},
		"wrong password":   {func(o *restore.Order) { o.Databases[0].Password = core.NewSecret("x") }, "refuses the user"},
		"no database": {func(o *restore.Order) {
			o.Databases[0].Name = w.into + "_no"
			o.Databases[0].User = "root"
			o.Databases[0].Password = core.NewSecret("")
		}, "make it: CREATE DATABASE"},
		"not empty database": {func(o *restore.Order) { o.Databases[0].Name = w.name }, "is not empty: it holds"},
		"lacks rights": {func(o *restore.Order) {
			o.Databases[0].User = "r_weak"
			o.Databases[0].Password = core.NewSecret("weak")
		}, "may not CREATE, DROP"},
		"no such owner":  {func(o *restore.Order) { o.Owner = "nobody-of-that-name" }, "There is no user"},
		"another key":    {func(o *restore.Order) { o.Verify.Signer, o.Verify.Fingerprint = nil, "SHA256:x" }, "not by SHA256:x as demanded"},
		"not an address": {func(o *restore.Order) { o.URL = "new.example" }, "not the address of a website"},
		"cut archive":    {func(o *restore.Order) { o.Archive = bytes.NewReader(w.archive[:len(w.archive)/2]) }, "cut short"},
		"no archive":     {func(o *restore.Order) { o.Archive = strings.NewReader("hello") }, "not a breakglass archive"},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.order()
			c.change(&o)
			_, err := restore.Run(t.Context(), o)
			var refusal *core.Refusal
			if !errors.As(err, &refusal) || !strings.Contains(refusal.Detail, c.sentence) {
				t.Errorf("%v\nwant %q", err, c.sentence)
			}
			w.untouched()
			if got := w.query("SHOW TABLES"); got != "" {
				t.Errorf("in the database: %s", got)
			}
		})
	}
}

// Who interrupts finds nothing left behind.
func TestInterruptedWhileUnpacking(t *testing.T) {
	w := newWorld(t, "r_cancel")
	w.makeDatabase()
	ctx, cancel := context.WithCancel(t.Context())
	o := w.order()
	o.Archive = &stopping{r: bytes.NewReader(w.archive), at: len(w.archive) / 3, stop: cancel}
	if _, err := restore.Run(ctx, o); !errors.Is(err, core.ErrCancelled) {
		t.Errorf("%v", err)
	}
	w.untouched()
}

// stopping calls stop when so much was read of it.
type stopping struct {
	r    *bytes.Reader
	at   int
	stop func()
}

func (s *stopping) Read(p []byte) (int, error) {
	if s.at <= 0 {
		s.stop()
	}
	n, err := s.r.Read(p[:min(len(p), 1000)])
	s.at -= n
	return n, err
}
