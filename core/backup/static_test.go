package backup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
)

func TestStaticSite(t *testing.T) {
	w := newWorld(t)
	w.write("index.html", "<h1>Acme</h1>")
	w.write("img/a.jpg", strings.Repeat("\xff\xd8x", 1<<18))
	w.write("empty", "")
	long := strings.Repeat("d", 200) + "/" + strings.Repeat("e", 200) + "/" + strings.Repeat("f", 200)
	w.write(long, "deep")
	w.write("caf\xe9 \xff.txt", "latin-1")
	w.write("line\nbreak", "x")
	if err := os.Symlink("index.html", filepath.Join(w.root, "home")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(w.root, "empty"), 0o4751); err != nil {
		t.Fatal(err)
	}
	a := w.run()
	if a.result.Verdict != core.VerdictComplete || a.result.Files != 6 {
		t.Errorf("%+v", a.result)
	}
	for _, path := range []string{"index.html", "img/a.jpg", "empty", long, "caf\xe9 \xff.txt", "line\nbreak"} {
		want, err := os.ReadFile(filepath.Join(w.root, path))
		if err != nil {
			t.Fatal(err)
		}
		if a.read("files/"+path) != string(want) {
			t.Errorf("%q differs", path)
		}
	}
}
