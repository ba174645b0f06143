package whole_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/coretest/smalldisk"
	"breakglass/store/whole"

	"golang.org/x/sys/unix"
)

// asWriter makes this test's binary a process that writes and is killed.
const asWriter = "WHOLE_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(asWriter); path != "" {
		if err := writeForEver(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver has a file and a folder on their way until it is killed.
func writeForEver(path string) error {
	folder, err := whole.TempFolder("whole-test-")
	if err != nil {
		return err
	}
	f, err := whole.Create(path)
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte("half")); err != nil {
		return err
	}
	fmt.Println(folder.Path)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// creates are the two ways to begin a file.
var creates = map[string]func(string) (*whole.File, error){"without a name": whole.Create, "with a name": whole.CreateNamed}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		names = append(names, entry.Name())
	}
	return names
}

// A file has its name once it is sealed, for this user alone, and leaves nothing
// when it is given up.
func TestAFileIsThereWholeOrNotAtAll(t *testing.T) {
	for name, create := range creates {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "archive")
			f, err := create(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write([]byte("text")); err != nil {
				t.Fatal(err)
			}
			if parts := entries(t, dir); (name == "without a name") != (len(parts) == 0) {
				t.Errorf("on the way lie %q", parts)
			}
			if err := errors.Join(f.Seal(), f.Close()); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			info, statErr := os.Stat(path)
			if err != nil || statErr != nil || string(text) != "text" || info.Mode() != 0o600 || len(entries(t, dir)) != 1 {
				t.Errorf("%q %v, %v, %q", text, info, err, entries(t, dir))
			}
			f, err = create(filepath.Join(dir, "another"))
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil || len(entries(t, dir)) != 1 {
				t.Errorf("given up: %v, %q", err, entries(t, dir))
			}
		})
	}
}

// What has the name is never replaced, neither when a file is begun nor when it is
// sealed hours later, be it a link that leads nowhere.
func TestAFileThatIsThereStays(t *testing.T) {
	for name, create := range creates {
		for kind, put := range map[string]func(path string) error{
			"file": func(path string) error { return os.WriteFile(path, []byte("yours"), 0o600) },
			"link": func(path string) error { return os.Symlink("/nowhere", path) },
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "archive")
				f, err := create(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := put(path); err != nil {
					t.Fatal(err)
				}
				before, _ := os.Lstat(path)
				if err := f.Seal(); !errors.Is(err, core.ErrExists) {
					t.Errorf("sealed over it: %v", err)
				}
				if err := f.Close(); err != nil {
					t.Error(err)
				}
				if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) || len(entries(t, dir)) != 1 {
					t.Errorf("%v, %q", err, entries(t, dir))
				}
				if _, err := whole.Create(path); !errors.Is(err, core.ErrExists) {
					t.Errorf("begun over it: %v", err)
				}
			})
		}
	}
}

// A sidecar takes the place of an old one, and of a link without following it.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "sum"), filepath.Join(dir, "other")
	if err := errors.Join(os.WriteFile(other, []byte("other"), 0o600), os.Symlink(other, path), whole.Replace(path, []byte("new")), whole.Replace(path, []byte("newer"))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	kept, keptErr := os.ReadFile(other)
	if err != nil || keptErr != nil || string(text) != "newer" || string(kept) != "other" || len(entries(t, dir)) != 2 {
		t.Errorf("%q %q %q", text, kept, entries(t, dir))
	}
}

// A process that is killed leaves no file; its folder the next process removes,
// and only then.
func TestKilled(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asWriter+"="+filepath.Join(dir, "archive"))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close() //nolint:errcheck // nothing is written
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	other := strings.TrimSpace(line)
	foreign := filepath.Join(temp, "whole-test-foreign")
	if err := errors.Join(os.Mkdir(foreign, 0o700), os.Chown(foreign, 12345, 12345)); err != nil && os.Geteuid() == 0 {
		t.Fatal(err)
	}
	open := func() {
		folder, err := whole.TempFolder("whole-test-")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(filepath.Join(folder.Path, "x"), nil, 0o600), folder.Close()); err != nil {
			t.Error(err)
		}
	}
	open()
	if _, err := os.Stat(other); err != nil {
		t.Fatalf("the folder of a process that lives: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("it was not killed")
	}
	if left := entries(t, dir); len(left) > 0 {
		t.Errorf("left %q", left)
	}
	open()
	if left := entries(t, temp); os.Geteuid() == 0 && (len(left) != 1 || left[0] != "whole-test-foreign") {
		t.Errorf("left %q", left)
	}
}

// Parts whose process is gone are swept; those of one that lives, of another user
// or machine and what only looks like one stay.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "archive")
	f, err := whole.CreateNamed(path)
	if err != nil {
		t.Fatal(err)
	}
	living := entries(t, dir)[0]
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	dead, foreign := ".breakglass-"+host+"-dead.part", ".breakglass-"+host+"-foreign.part"
	other := []string{".breakglass-otherhost-x.part", "breakglass-" + host + "-x.part", ".breakglass-" + host + "-x"}
	for _, name := range append(other, dead, foreign) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, ".breakglass-"+host+"-dir.part"), 0o700), os.Symlink("archive", filepath.Join(dir, ".breakglass-"+host+"-link.part"))); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(filepath.Join(dir, foreign), 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{dead}
	if os.Geteuid() != 0 {
		want = append(want, foreign)
	}
	if got := whole.Sweep(path); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("removed %q, want %q", got, want)
	}
	left := strings.Join(entries(t, dir), " ")
	for _, name := range append(other, living, ".breakglass-"+host+"-dir.part", ".breakglass-"+host+"-link.part") {
		if !strings.Contains(left, name) {
			t.Errorf("%s is gone: %s", name, left)
		}
	}
	if err := errors.Join(f.Seal(), f.Close()); err != nil {
		t.Error(err)
	}
}

// A full disk is told as one.
func TestFullDisk(t *testing.T) {
	dir := smalldisk.Mount(t, 1<<20)
	f, err := whole.Create(filepath.Join(dir, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Write(make([]byte, 2<<20)); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%v", err)
	}
	if err := f.Close(); err != nil || len(entries(t, dir)) > 0 {
		t.Errorf("%v, left %q", err, entries(t, dir))
	}
}

// What a sweep has locked before this process could is as good as gone.
func TestWhatASweepHasLockedIsNotOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "part")
	made, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close() //nolint:errcheck // nothing is in it
	sweeping, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(sweeping.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil { //nolint:gosec // a descriptor is small
		t.Fatal(err)
	}
	if whole.Ours(path, made) {
		t.Error("it is taken while a sweep is about to remove it")
	}
	if err := sweeping.Close(); err != nil {
		t.Fatal(err)
	}
	if !whole.Ours(path, made) {
		t.Error("it is not taken though nobody else has it")
	}
}
