package backup

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A file of more than 8 GiB, which no tar header has digits for, is listed by the
// tar of each system, and so is what follows it. The file is a hole, so that tars
// skip it.
func TestASizeThatATarHeaderHasNoDigitsFor(t *testing.T) {
	for _, size := range []int64{octalSize, octalSize + 1, 10<<40 + 7} {
		path := filepath.Join(t.TempDir(), "big.tar")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		headers := &tarHeaders{Writer: f}
		h := &tar.Header{Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: "acme/files/dump.sql", Mode: 0o644, Size: size, ModTime: time.Unix(1e9, 5)}
		if err := headers.write(tar.NewWriter(headers), h); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Seek((size+tarBlock-1)/tarBlock*tarBlock, io.SeekCurrent); err != nil {
			t.Fatal(err)
		}
		w := tar.NewWriter(headers)
		if err := errors.Join(headers.write(w, &tar.Header{Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: "acme/last", Mode: 0o644}), w.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		for _, tar := range []string{"tar", "busybox tar", "bsdtar"} {
			command := strings.Fields(tar + " -tvf " + path)
			out, err := exec.Command(command[0], command[1:]...).CombinedOutput() //nolint:gosec // of the test
			if list := string(out); err != nil || !strings.Contains(list, " "+strconv.FormatInt(size, 10)+" ") || !strings.Contains(list, "acme/last") {
				t.Errorf("%s: %v\n%s", tar, err, list)
			}
		}
	}
}
