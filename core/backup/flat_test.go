package backup_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"breakglass/core"

	"golang.org/x/sys/unix"
)

// heap returns the bytes of live and not yet collected objects.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// peak backs a site of so many MiB up and returns the highest heap seen.
func peak(t *testing.T, large, small int) (highest uint64) {
	t.Helper()
	w := newWorld(t)
	noise := make([]byte, 1<<20)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(w.root, "video"))
	if err != nil {
		t.Fatal(err)
	}
	for range large {
		if _, err := f.Write(noise); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range small * 8 {
		w.write(fmt.Sprintf("img/%d/%d", i%20, i), string(noise[:128<<10]))
	}
	runtime.GC()
	if _, err := w.engine.Run(t.Context(), w.order(), io.Discard, func(core.Progress) { highest = max(highest, heap()) }); err != nil {
		t.Fatal(err)
	}
	return highest
}

// Ten times the site takes no more memory.
func TestMemoryStaysFlat(t *testing.T) {
	little := peak(t, 15, 5)
	much := peak(t, 150, 50)
	if const64 := uint64(64 << 20); much > little+const64 {
		t.Errorf("20 MiB took %d MiB, 200 MiB took %d MiB", little>>20, much>>20)
	}
}

// smallDisk mounts a file system in memory of that many bytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size="+size); err != nil {
		t.Fatalf("this test takes root, to mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// The site whose disk is full is exactly the one that needs its backup: without
// room for spools the dump goes through memory, and SQLite files are copied as
// they are.
func TestBackupWithoutScratchSpace(t *testing.T) {
	w := newWorld(t)
	disk := smallDisk(t, "128k")
	w.scratch = filepath.Join(disk, "scratch")
	w.engine = w.newEngine(w.key)
	if err := os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 1<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	dbSite(t, w, "f_full")
	large(t, server.SQL, "f_full")
	path := filepath.Join(w.root, "app.db")
	if out, err := exec.Command("sqlite3", path, "CREATE TABLE t (a); INSERT INTO t VALUES (randomblob(1000000))").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	a := w.run()
	if a.result.Verdict != core.VerdictNotes || len(a.result.Notes) != 1 || !strings.Contains(a.result.Notes[0], "no disk space for a clean copy") {
		t.Errorf("%+v", a.result)
	}
	if got := sqlite3(t, filepath.Join(a.dir, "files/app.db"), "SELECT length(a) FROM t"); got != "1000000" {
		t.Error(got)
	}
	if parts, err := filepath.Glob(filepath.Join(a.dir, "database/f_full/*.sql")); err != nil || len(parts) < 2 {
		t.Errorf("%v %v", parts, err)
	}
	compareTable(t, "f_full", a.restore("f_full", "f_full_again"), "big")
}

// Parts are cut between statements and stay within 64 MiB.
func TestDumpParts(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "p_parts")
	large(t, server.SQL, "p_parts")
	a := w.run()
	parts, err := filepath.Glob(filepath.Join(a.dir, "database/p_parts/*.sql"))
	if err != nil || len(parts) < 2 {
		t.Fatalf("%v %v", parts, err)
	}
	for i, part := range parts {
		info, err := os.Stat(part)
		if err != nil || info.Size() > 64<<20 || filepath.Base(part) != fmt.Sprintf("%04d.sql", i+1) {
			t.Errorf("%s: %v %v", part, info, err)
		}
		out, err := exec.Command("tail", "-c", "2", part).Output()
		if err != nil || i < len(parts)-1 && !strings.HasSuffix(strings.TrimSpace(string(out)), ";") {
			t.Errorf("%s ends in %q %v", part, out, err)
		}
	}
}

// A time that no calendar knows does not stop a backup.
func TestTimesOutOfRange(t *testing.T) {
	w := newWorld(t)
	dir := smallDisk(t, "1m")
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	far := unix.Timespec{Sec: 1 << 40}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(dir, "f"), []unix.Timespec{far, far}, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.root, "disk"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(dir, filepath.Join(w.root, "disk"), "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Unmount(filepath.Join(w.root, "disk"), 0); err != nil {
			t.Error(err)
		}
	}()
	w.write("old", "x")
	past := time.Unix(1e7, 5)
	if err := os.Chtimes(filepath.Join(w.root, "old"), past, past); err != nil {
		t.Fatal(err)
	}
	a := w.run()
	if info, err := os.Stat(filepath.Join(a.dir, "files/old")); err != nil || !info.ModTime().Equal(past) {
		t.Errorf("%v %v", info, err)
	}
	if a.read("files/disk/f") != "x" {
		t.Error("the file is not in the archive")
	}
}
