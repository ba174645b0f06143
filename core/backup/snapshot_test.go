package backup

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A hacked site puts a FIFO, or a link out, in the place of a file that SQLite
// would open beside a damaged database. It must hold nobody, and lead nowhere.
func TestTrapsBesideADatabase(t *testing.T) {
	for _, suffix := range []string{"-journal", "-wal", "-shm"} {
		for name, trap := range map[string]func(string) error{
			"a FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"a link out":  func(path string) error { return os.Symlink("/etc/passwd", path) },
			"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		} {
			t.Run(name+" as "+suffix, func(t *testing.T) {
				dir := t.TempDir()
				damagedDatabase(t, filepath.Join(dir, "x.sqlite"))
				if err := trap(filepath.Join(dir, "x.sqlite"+suffix)); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				snap, err := snapshotOf(ctx, t, dir)
				if err == nil {
					t.Error("a damaged database was taken for a whole one")
					_ = snap.Close()
				}
				if ctx.Err() != nil {
					t.Error("it held the snapshot until the end of its time")
				}
			})
		}
	}
}

// damagedDatabase has a schema that SQLite cannot read.
func damagedDatabase(t *testing.T, path string) {
	t.Helper()
	if out, err := exec.Command("sqlite3", path, "CREATE TABLE t(x); CREATE TABLE u(z)").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, 100); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func snapshotOf(ctx context.Context, t *testing.T, dir string) (*snapshot, error) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	e := &Engine{options: Options{Scratch: t.TempDir()}}
	return e.takeSnapshot(ctx, root, "x.sqlite")
}

// A database that changes while it is copied is not taken for one that stood
// still.
func TestCopyOfADatabaseThatChanges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.sqlite")
	damagedDatabase(t, path)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	p, err := openPart(root, "x.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.close() }()
	if err := p.copyTo(t.Context(), filepath.Join(dir, "copy")); err != nil || !p.still(root) {
		t.Fatalf("%v, still: %v", err, p.still(root))
	}
	if err := os.WriteFile(path+"-wal", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	absent, err := openPart(root, "x.sqlite-none")
	if err != nil || !absent.still(root) {
		t.Errorf("what is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p.still(root) {
		t.Error("a change was not seen")
	}
	if err := p.copyTo(t.Context(), filepath.Join(dir, "copy")); !errors.Is(err, errTorn) {
		t.Errorf("a file that shrank: %v", err)
	}
}

// A busy site adds to its log all the time; the snapshot is what it was when the
// copy began. A log that began anew, or a database that changed, is torn.
func TestCopyOfALogThatGrows(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.sqlite")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	write := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	write("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	log, err := openPart(root, "x.sqlite-wal")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.close() }()
	private := filepath.Join(t.TempDir(), "private-wal")
	if err := log.copyTo(t.Context(), private); err != nil {
		t.Fatal(err)
	}
	write("INSERT INTO t VALUES (2)")
	if log.still(root) || !log.grew(root, private) {
		t.Error("a log that grew is not taken for one")
	}
	write("PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES (3)")
	if log.grew(root, private) {
		t.Error("a log that began anew is taken for one that grew")
	}
}

// While somebody writes to a database all the time, its snapshot holds whole
// transactions only.
func TestSnapshotOfABusyDatabase(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "x.sqlite")+"?_pragma=journal_mode(wal)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE a (x); CREATE TABLE b (x)"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done, began := make(chan error), make(chan struct{})
	go func() {
		for n := 0; ctx.Err() == nil; n++ {
			if _, err := db.Exec("BEGIN; INSERT INTO a VALUES (randomblob(3000)); INSERT INTO b VALUES (1); COMMIT"); err != nil {
				done <- err
				return
			}
			if n == 20 {
				close(began)
			}
		}
		done <- nil
	}()
	<-began
	snap, err := snapshotOf(t.Context(), t, dir)
	cancel()
	if wrote := <-done; wrote != nil {
		t.Fatal(wrote)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	if len(snap.tables) != 2 || snap.tables[0].Rows != snap.tables[1].Rows || snap.tables[0].Rows < 20 {
		t.Errorf("%+v", snap.tables)
	}
}

func TestJournalOfSeveralDatabases(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.sqlite")
	if out, err := exec.Command("sqlite3", path, "CREATE TABLE t(x)").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := os.WriteFile(path+"-journal", append(make([]byte, 600), superMagic...), 0o600); err != nil {
		t.Fatal(err)
	}
	if snap, err := snapshotOf(t.Context(), t, dir); err == nil {
		_ = snap.Close()
		t.Error("half a transaction may have been taken for a whole one")
	}
}
