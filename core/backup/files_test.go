package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/coretest"
)

// Nothing outside of the root comes in through a link, and a link that leads out
// is a gap that is said.
func TestLinks(t *testing.T) {
	w := newWorld(t)
	secret := filepath.Join(w.roots, "neighbour", "secret.txt")
	if err := os.MkdirAll(filepath.Dir(secret), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte("TOP SECRET"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.write("in/file", "x")
	out := map[string]string{
		"up": "../neighbour/secret.txt", "absolute": secret, "dir": "../neighbour", "via": "dir/secret.txt", "in/twice": "../../neighbour", "gone": "../nowhere",
		"climb": "in/missing/../../../neighbour", "prefix": w.root + "-other/x",
	}
	in := map[string]string{
		"near": "in/file", "in/back": "../in/./file", "self": w.root + "/in/file", "itself": w.root, "dangling": "in/nothing", "loop": "loop", "chain": "self",
	}
	for _, links := range []map[string]string{out, in} {
		for name, target := range links {
			if err := os.Symlink(target, filepath.Join(w.root, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	a := w.run()
	if a.result.Verdict != core.VerdictNotComplete || len(a.result.Notes) != len(out) {
		t.Errorf("%s %d notes: %s", a.result.Verdict, len(a.result.Notes), strings.Join(a.result.Notes, "\n"))
	}
	for _, links := range []map[string]string{out, in} {
		for name, target := range links {
			if got, err := os.Readlink(filepath.Join(a.dir, "files", name)); err != nil || got != target {
				t.Errorf("%s → %s %v, want %s", name, got, err, target)
			}
		}
	}
	for name := range in {
		if strings.Contains(strings.Join(a.result.Notes, "\n"), " "+name+" ") {
			t.Errorf("%s leads nowhere out: %s", name, a.result.Notes)
		}
	}
	for _, m := range takeApart(t, a.bytes) {
		if bytes.Contains(m.data, []byte("TOP SECRET")) {
			t.Errorf("%s holds the neighbour's file", m.h.Name)
		}
	}
}

// What is no file does not hang a backup, and is named.
func TestSpecialFiles(t *testing.T) {
	w := newWorld(t)
	w.write("a", "x")
	if err := syscall.Mkfifo(filepath.Join(w.root, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(w.root, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := syscall.Mknod(filepath.Join(w.root, "null"), syscall.S_IFCHR|0o666, 1<<8|3); err != nil {
		t.Fatal(err)
	}
	a := w.run()
	if a.result.Verdict != core.VerdictNotes || len(a.result.Notes) != 3 || len(a.manifest("omitted")) != 3 || a.result.Files != 1 {
		t.Errorf("%+v", a.result)
	}
}

// eager is a clock on which a second passes with every look, so that progress
// is reported at every step of a file: tests change the site from there.
type eager struct {
	*coretest.Clock
	mu  sync.Mutex
	now time.Duration
}

// Boot implements core.Clock.
func (e *eager) Boot() (string, time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now += time.Second
	return "boot", e.now
}

// runEager backs up and calls f, from within, at every report.
func (w *world) runEager(f func(core.Progress)) (core.BackupResult, []byte, error) {
	w.t.Helper()
	e, err := backup.New(backup.Options{Roots: []string{w.roots}, Signer: w.key, Scratch: w.scratch, Clock: &eager{Clock: coretest.NewClock()}, Version: "v0"})
	if err != nil {
		w.t.Fatal(err)
	}
	var out bytes.Buffer
	result, err := e.Run(w.t.Context(), w.order(), &out, f)
	w.clean()
	w.noGoroutines()
	return result, out.Bytes(), err
}

// noGoroutines checks that a run has left none behind.
func (w *world) noGoroutines() {
	w.t.Helper()
	left := ""
	for range 10000 { // one that has ended may not be gone yet
		if left = running(); left == "" {
			return
		}
		runtime.Gosched()
	}
	w.t.Errorf("left running:\n%s", left)
}

// running returns the stacks of goroutines of the engine's.
func running() (left string) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "breakglass/core/backup.") && !strings.Contains(stack, "testing.") {
			left += stack + "\n"
		}
	}
	return left
}

const bigFile = 3 << 20

func TestFileThatChangesWhileItIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(path string) error
		note    string // in the result; empty: none is needed
		entries int
	}{
		"grows": {
			change: func(path string) error {
				f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
				if err != nil {
					return err
				}
				_, err = f.WriteString("more")
				return errors.Join(err, f.Close())
			}, entries: 2,
		},
		"shrinks":    {change: func(path string) error { return os.Truncate(path, bigFile/2) }, entries: 2},
		"is changed": {change: func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte{'n'}, bigFile), 0o644) }, entries: 2},
		"vanishes":   {change: os.Remove, note: "was deleted while", entries: 1},
		"becomes a FIFO": {
			change: func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644)) }, note: "no regular file", entries: 1,
		},
		"becomes a link out": {
			change: func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/etc/passwd", path)) }, note: "could not be read", entries: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("big", strings.Repeat("o", bigFile))
			w.write("zoo", "after it")
			path, changed := filepath.Join(w.root, "big"), false
			result, archive, err := w.runEager(func(p core.Progress) {
				if p.Current == "big" && p.BytesDone > bigFile/2 && !changed {
					changed = true
					if err := c.change(path); err != nil {
						t.Error(err)
					}
				}
			})
			if err != nil || !changed {
				t.Fatal(err, changed)
			}
			a := w.unpack(result, archive)
			a.verify()
			if c.note == "" {
				if want, err := os.ReadFile(path); err != nil || a.read("files/big") != string(want) {
					t.Errorf("the later copy is not what is on disk: %v", err)
				}
			}
			if notes := strings.Join(result.Notes, "\n"); !strings.Contains(notes, c.note) || (c.note == "") != (result.Verdict == core.VerdictComplete) {
				t.Errorf("%s: %s", result.Verdict, notes)
			}
			entries := 0
			for _, line := range a.manifest("file") {
				if line["path"] == "files/big" {
					entries++
				}
			}
			if entries != c.entries {
				t.Errorf("%d entries, want %d", entries, c.entries)
			}
			if a.read("files/zoo") != "after it" {
				t.Error("what follows is damaged")
			}
		})
	}
}

// A file that changes each time it is read is noted.
func TestFileThatNeverRests(t *testing.T) {
	w := newWorld(t)
	w.write("log", strings.Repeat("o", bigFile))
	f, err := os.OpenFile(filepath.Join(w.root, "log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	result, archive, err := w.runEager(func(p core.Progress) {
		if p.Current == "log" {
			if _, err := f.WriteString("line\n"); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || result.Verdict != core.VerdictNotes || len(result.Notes) != 1 || !strings.Contains(result.Notes[0], "became longer") {
		t.Errorf("%v %+v", err, result)
	}
	w.unpack(result, archive).verify()
}

// A full disk is told as such, whatever lies below the writer.
func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	w.write("big", strings.Repeat("o", bigFile))
	for _, full := range []error{syscall.ENOSPC, fmt.Errorf("vault: %w", core.ErrNoSpace)} {
		_, err := w.engine.Run(t.Context(), w.order(), fullWriter{full}, nil)
		if !errors.Is(err, core.ErrNoSpace) {
			t.Errorf("%v became %v", full, err)
		}
		w.clean()
		w.noGoroutines()
	}
}

type fullWriter struct{ err error }

func (f fullWriter) Write([]byte) (int, error) { return 0, f.err }

func TestProgress(t *testing.T) {
	w := newWorld(t)
	w.write("a/big", strings.Repeat("o", bigFile))
	w.write("b", "x")
	var all []core.Progress
	result, _, err := w.runEager(func(p core.Progress) { all = append(all, p) })
	if err != nil {
		t.Fatal(err)
	}
	last := all[len(all)-1]
	if last.FilesDone != 2 || last.FilesTotal != 2 || last.BytesDone != last.BytesTotal || !last.TotalKnown || result.Bytes != bigFile+1 || last.Written != result.Written || last.Rate <= 0 {
		t.Errorf("%+v", last)
	}
	names := []string{}
	for _, step := range last.Steps {
		names = append(names, step.Name)
		if step.State != core.StepDone {
			t.Errorf("%+v", step)
		}
	}
	if !slices.Equal(names, []string{core.StepDetect, core.StepFiles, core.StepManifest}) {
		t.Error(names)
	}
	for i, p := range all[1:] {
		if p.BytesDone < all[i].BytesDone || p.Written < all[i].Written || p.TotalKnown && p.BytesDone > p.BytesTotal {
			t.Errorf("went back: %+v after %+v", p, all[i])
		}
		if !p.TotalKnown && p.ETA >= 0 {
			t.Errorf("an ETA before the totals are known: %+v", p)
		}
	}
}

// On a clock that stands still nothing is told but the steps.
func TestProgressIsThrottled(t *testing.T) {
	w := newWorld(t)
	for i := range 500 {
		w.write(fmt.Sprint("f", i), "x")
	}
	told := 0
	e, err := backup.New(backup.Options{Roots: []string{w.roots}, Scratch: w.scratch, Clock: still{coretest.NewClock()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Run(t.Context(), w.order(), &bytes.Buffer{}, func(core.Progress) { told++ }); err != nil {
		t.Fatal(err)
	}
	if told == 0 || told > 10 {
		t.Errorf("told %d times", told)
	}
}

type still struct{ *coretest.Clock }

// Boot implements core.Clock.
func (still) Boot() (string, time.Duration) { return "boot", time.Hour }
