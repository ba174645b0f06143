package restore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
)

// put unpacks one file.
func (s *staging) put(name, content string) error {
	f, err := s.File(backup.Entry{Line: "file", Path: name, Size: int64(len(content)), Mode: "0640", MTime: time.Unix(1e9, 0)})
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(content))
	return errors.Join(err, f.Close())
}

func stage(t *testing.T) *staging {
	t.Helper()
	s, err := openStaging(place{beside: t.TempDir(), uid: -1, gid: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Of a file that comes again the later content counts, whatever of the earlier
// ones is still being made, in whatever directory the reader is meanwhile.
func TestSmallFileThatComesAgain(t *testing.T) {
	t.Parallel()
	s := stage(t)
	for again := range 40 {
		last := map[string]string{}
		for n, name := range []string{"files/a/x", "files/b/x", "files/a/x", "files/a/y", "files/a/x"} {
			content := strings.Repeat(fmt.Sprint(again, n, name), 1+(again+n)%3*5000)
			if n == again%7 { // a large one in the place of a small one, or before it
				content = strings.Repeat(fmt.Sprint(n), smallFileSize+1+again)
			}
			if err := s.put(name, content); err != nil {
				t.Fatal(err)
			}
			last[name] = content
		}
		if err := s.making.wait(); err != nil {
			t.Fatal(err)
		}
		for name, content := range last {
			at := filepath.Join(s.path, archiveDir, name)
			got, err := os.ReadFile(at)
			info, err2 := os.Lstat(at)
			if err := errors.Join(err, err2); err != nil || string(got) != content || info.Mode() != 0o640 || info.ModTime().Unix() != 1e9 {
				t.Fatalf("%s holds %.20q… of %d bytes, %v %v", name, got, len(got), info.Mode(), err)
			}
		}
	}
}

// A small file that cannot be made is told of by the next file, and at the end
// for certain; what waits behind it does not hang.
func TestSmallFileThatCannotBeMade(t *testing.T) {
	t.Parallel()
	s := stage(t)
	if err := s.Dir(backup.Entry{Line: "dir", Path: "files/taken", Mode: "0755", MTime: time.Unix(1e9, 0)}); err != nil {
		t.Fatal(err)
	}
	var told error
	for n := 0; n < 1000 && told == nil; n++ {
		told = s.put("files/taken", "content")
		for m := 0; m < 30 && told == nil; m++ {
			told = s.put(fmt.Sprintf("files/%d-%d", n, m), "content")
		}
	}
	if _, err := s.settle(""); !errors.Is(told, core.ErrInvalid) || !errors.Is(err, core.ErrInvalid) {
		t.Errorf("%v, then %v", told, err)
	}
}
