package backup_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/coretest"
)

// nobody is the ID of a user who may read what everybody may.
const nobody = 65534

// asNobody is what this test binary does when a test starts it as nobody: it
// backs up one site.
func asNobody(roots, scratch, root, into string) error {
	e, err := backup.New(backup.Options{Roots: []string{roots}, Scratch: scratch, Clock: coretest.NewClock()})
	if err != nil {
		return err
	}
	out, err := os.Create(into)
	if err != nil {
		return err
	}
	result, err := e.Run(noContext, core.BackupOrder{SiteSpec: core.SiteSpec{Site: "acme", Root: root}, Name: "acme"}, out, nil)
	return errors.Join(err, out.Close(), json.NewEncoder(os.Stdout).Encode(result))
}

// What cannot be read is named, and the verdict says that it is missing. Root
// can read all, so the backup runs as nobody.
func TestUnreadableFiles(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("this test takes root, to become nobody")
	}
	dir, err := os.MkdirTemp("/tmp", "bgn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	root, own, binary := filepath.Join(dir, "www", "acme"), filepath.Join(dir, "own"), filepath.Join(dir, "test")
	for path, mode := range map[string]os.FileMode{"open.txt": 0o644, "closed.txt": 0o600, "large.bin": 0o600, "dir/inside.txt": 0o644, "list/inside.txt": 0o644} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		size := 3
		if strings.HasSuffix(path, ".bin") {
			size = 1 << 20
		}
		if err := os.WriteFile(path, make([]byte, size), mode); err != nil {
			t.Fatal(err)
		}
	}
	err = errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Join(root, "dir"), 0), os.Chmod(filepath.Join(root, "list"), 0o744),
		os.Mkdir(own, 0o700), os.Chown(own, nobody, nobody), copyFile(os.Args[0], binary))
	if err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(own, "archive")
	cmd := exec.Command(binary)
	cmd.Dir = own
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), asNobodyEnv + "=" + strings.Join([]string{filepath.Join(dir, "www"), filepath.Join(own, "scratch"), root, into}, ":")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var result core.BackupResult
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	notes := strings.Join(result.Notes, "\n")
	if result.Verdict != core.VerdictNotComplete || len(result.Notes) != 4 || result.Files != 1 {
		t.Errorf("%s %d files: %s", result.Verdict, result.Files, notes)
	}
	for _, path := range []string{"closed.txt", "large.bin", "dir", "list/inside.txt"} {
		if !strings.Contains(notes, "Missing: "+path+" could not be read (permission denied)") {
			t.Errorf("%s is not named: %s", path, notes)
		}
	}
	archive, err := os.ReadFile(into)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := verify(t, archive, backup.VerifyOptions{}); err != nil || report.Verdict != core.VerdictNotComplete {
		t.Errorf("%v %+v", err, report)
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, in.Close(), out.Close())
}
