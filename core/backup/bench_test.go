package backup_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/coretest"
)

// BenchmarkRun backs up a site of 2,000 small files and one large one that does
// not compress.
func BenchmarkRun(b *testing.B) {
	dir := b.TempDir()
	root := filepath.Join(dir, "www")
	noise := make([]byte, 32<<20)
	if _, err := rand.Read(noise); err != nil {
		b.Fatal(err)
	}
	text := bytes.Repeat([]byte("<?php echo 'hello, world'; // a line of a program\n"), 200)
	if err := os.MkdirAll(root, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "video"), noise, 0o644); err != nil {
		b.Fatal(err)
	}
	for i := range 2000 {
		if err := os.WriteFile(filepath.Join(root, fmt.Sprint(i)), text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	e, err := backup.New(backup.Options{Roots: []string{root}, Scratch: filepath.Join(dir, "scratch"), Clock: coretest.NewClock()})
	if err != nil {
		b.Fatal(err)
	}
	order := core.BackupOrder{SiteSpec: core.SiteSpec{Site: "acme", Root: root}, Name: "acme"}
	b.SetBytes(int64(len(noise) + 2000*len(text)))
	for b.Loop() {
		if _, err := e.Run(b.Context(), order, io.Discard, nil); err != nil {
			b.Fatal(err)
		}
	}
}
