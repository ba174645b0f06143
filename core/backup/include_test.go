package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
)

// runOrder backs the site up as an order says, unpacks and verifies the archive.
func (w *world) runOrder(order core.BackupOrder) *archived {
	w.t.Helper()
	var out bytes.Buffer
	result, err := w.engine.Run(w.t.Context(), order, &out, nil)
	if err != nil {
		w.t.Fatalf("run: %v (%v)", err, causes(err))
	}
	w.clean()
	a := w.unpack(result, out.Bytes())
	a.verify()
	report, err := w.engine.Inspect(w.t.Context(), order.SiteSpec)
	if err != nil {
		w.t.Fatal(err)
	}
	if got, want := strings.Join(report.Notes, "\n"), strings.Join(result.Notes, "\n"); got != want {
		w.t.Errorf("inspect says %q in advance, the backup %q", got, want)
	}
	return a
}

// lay makes files beside the site.
func (w *world) lay(files map[string]string) {
	w.t.Helper()
	for name, text := range files {
		path := filepath.Join(w.roots, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			w.t.Fatal(err)
		}
		err := error(nil)
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// A site that a deployment tool laid out: uploads and configuration lie in a
// directory of their own, and links lead there. Once the manager included that
// directory the links are no gap, and the configuration behind one is read.
func TestIncludedPaths(t *testing.T) {
	w := newWorld(t)
	createDatabase(t, "inc_site", "u_inc", "p")
	if err := server.SQL("inc_site", "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	w.root = filepath.Join(w.roots, "acme/releases/42")
	w.lay(map[string]string{
		"acme/releases/42/artisan": "", "acme/releases/42/.env": "-> ../../shared/.env", "acme/releases/42/storage": "-> " + w.roots + "/acme/shared/storage",
		"acme/shared/.env":              fmt.Sprintf("DB_CONNECTION=mysql\nDB_HOST=localhost\nDB_SOCKET=%s\nDB_DATABASE=inc_site\nDB_USERNAME=u_inc\nDB_PASSWORD=p\n", server.Socket),
		"acme/shared/storage/app/a.jpg": "a jpg", "acme/shared/storage/in": "-> app/a.jpg", "acme/shared/back": "-> ../releases/42/artisan", "acme/single.key": "a key",
		"neighbour/secret.txt": "not yours",
	})
	order := w.order()
	if a := w.runOrder(order); a.result.Verdict != core.VerdictNotComplete || len(a.result.Notes) != 3 {
		t.Errorf("without: %s %q", a.result.Verdict, a.result.Notes)
	}
	for _, path := range []string{"acme/shared", "acme/single.key"} {
		resolved, err := w.engine.CheckInclude(t.Context(), filepath.Join(w.roots, path))
		if err != nil {
			t.Fatal(err)
		}
		order.Include = append(order.Include, resolved)
	}
	if out, err := exec.Command("sqlite3", filepath.Join(w.roots, "acme/shared/x.sqlite"), "CREATE TABLE q (a); INSERT INTO q VALUES (7)").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	a := w.runOrder(order)
	if a.result.Verdict != core.VerdictComplete || a.result.Rows != 3 || len(a.result.Notes) > 0 {
		t.Errorf("%+v", a.result)
	}
	if got := a.read("outside" + w.roots + "/acme/shared/storage/app/a.jpg"); got != "a jpg" {
		t.Errorf("%q", got)
	}
	if got := a.read("outside" + w.roots + "/acme/single.key"); got != "a key" {
		t.Errorf("%q", got)
	}
	if header := a.manifest("header")[0]; len(header["included"].([]any)) != 2 {
		t.Errorf("%v", header)
	}
	w.lay(map[string]string{"acme/shared/evil": "-> ../../neighbour/secret.txt", "acme/releases/42/sly": "-> ../../shared/../../neighbour"})
	if a := w.runOrder(order); a.result.Verdict != core.VerdictNotComplete || len(a.result.Notes) != 2 {
		t.Errorf("links out of an included path: %q", a.result.Notes)
	}
	// Whoever may write there swaps the directory for a link to a neighbour's.
	if err := errors.Join(os.Rename(filepath.Join(w.roots, "acme/shared"), filepath.Join(w.roots, "acme/was")), os.Symlink("../neighbour", filepath.Join(w.roots, "acme/shared"))); err != nil {
		t.Fatal(err)
	}
	a = w.runOrder(order)
	if a.result.Verdict != core.VerdictNotComplete || !strings.Contains(strings.Join(a.result.Notes, "\n"), "acme/shared, which the web manager included, could not be opened") {
		t.Errorf("%q", a.result.Notes)
	}
	if bytes.Contains(a.bytes, []byte("not yours")) || strings.Contains(a.read("MANIFEST.jsonl"), "secret.txt\"") {
		t.Error("a neighbour's file is in the archive")
	}
}

// A root that became a link to a neighbour's is not opened.
func TestRootThatBecameALink(t *testing.T) {
	w := newWorld(t)
	w.lay(map[string]string{"neighbour/secret.txt": "not yours"})
	if err := errors.Join(os.Remove(w.root), os.Symlink("neighbour", w.root)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.Run(t.Context(), w.order(), &bytes.Buffer{}, nil); !errors.Is(err, core.ErrSite) {
		t.Errorf("%v", err)
	}
}

func TestIncludesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{
		"relative": "not an absolute path", w.roots + "/none": "is not there", "/etc/passwd": "outside the directories", "/dev/null": "neither a directory nor a file",
		w.scratch: "data of this server itself", filepath.Dir(w.scratch): "data of this server itself",
	} {
		if _, err := w.engine.CheckInclude(t.Context(), path); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestNamedDatabase(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "named_db")
	const password = `p#a "q' \n\\ ;=[client]`
	if err := server.SQL("named_db", "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	w.write("wp-config.php", "<?php define('DB_NAME', getenv('DB_NAME'));")
	order := w.order()
	if a := w.runOrder(order); a.result.Verdict != core.VerdictNotComplete || !strings.Contains(a.result.Notes[0], "site set acme --database URL") {
		t.Errorf("without: %q", a.result.Notes)
	}
	url, err := w.engine.CheckDatabase("mysql://u_named_db@localhost/named_db?unix_socket=" + server.Socket)
	if err != nil {
		t.Fatal(err)
	}
	order.Database = core.NamedDatabase{URL: url, Password: core.NewSecret(password)}
	a := w.runOrder(order)
	if a.result.Verdict != core.VerdictComplete || a.result.Rows != 2 {
		t.Errorf("%+v", a.result)
	}
	if text := a.read("MANIFEST.jsonl") + a.read("README.txt"); strings.Contains(text, "[client]") {
		t.Error("the password is in the archive")
	}
	order.Database.Password = core.NewSecret("wrong")
	if a := w.runOrder(order); a.result.Verdict != core.VerdictNotComplete || len(a.result.Notes) != 1 || !strings.Contains(a.result.Notes[0], "named_db, which the web manager named") {
		t.Errorf("wrong password: %q", a.result.Notes)
	}
	// It stands beside what is read, not in its place.
	w.wordPress("named_db", "u_named_db", password, "localhost:"+server.Socket)
	createDatabase(t, "named_two", "u_two", "2")
	if err := server.SQL("named_two", "CREATE TABLE t (x int); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	order.Database = core.NamedDatabase{URL: "mysql://u_two@localhost/named_two?unix_socket=" + server.Socket, Password: core.NewSecret("2")}
	if a := w.runOrder(order); a.result.Verdict != core.VerdictComplete || a.result.Rows != 3 || len(a.manifest("database")) != 2 {
		t.Errorf("beside: %+v", a.result)
	}
	// And it stands for one of the same name that cannot be dumped.
	w.wordPress("named_db", "u_named_db", "old", "localhost:"+server.Socket)
	order.Database = core.NamedDatabase{URL: url, Password: core.NewSecret(password)}
	if a := w.runOrder(order); a.result.Verdict != core.VerdictComplete || a.result.Rows != 2 || a.manifest("database")[0]["prefix"] != "wp_" {
		t.Errorf("in the place of: %+v %v", a.result, a.manifest("database"))
	}
}

func TestDatabasesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	for url, want := range map[string]string{
		"mysql://u:SECRET@h/d": "Leave the password out", "SECRET": "no URL of a database", "oracle://SECRET@h/d": "no URL of a database", "mysql://h/d": "names no user",
		"mysql://u@h": "names no user or no database", "sqlite:///SECRET": "A SQLite database is a file", "mysql://u@a b/d": "The host", "mysql://u%0a@h/d": "control character",
	} {
		_, err := w.engine.CheckDatabase(url)
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	for url, want := range map[string]string{
		"MySQL://u%40x@db.example:3307/d?password=SECRET": "mysql://u%40x@db.example:3307/d", "postgresql://u@/d?host=/run/pg&port=5433": "postgres://u@/d?host=/run/pg/.s.PGSQL.5433",
		"mariadb://u@localhost/d?unix_socket=/run/m.sock": "mysql://u@/d?unix_socket=/run/m.sock", "mysql://u@[::1]/d": "mysql://u@[::1]/d",
	} {
		got, err := w.engine.CheckDatabase(url)
		if again, errAgain := w.engine.CheckDatabase(got); err != nil || got != want || errAgain != nil || again != got {
			t.Errorf("%s: %s %v, and again %s %v, want %s", url, got, err, again, errAgain, want)
		}
	}
}
