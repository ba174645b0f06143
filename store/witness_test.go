package store

import (
	"os"
	"path/filepath"
	"testing"

	"breakglass/core"
	"breakglass/core/coretest"
)

func TestWitness(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	coretest.TestWitness(t, func(*testing.T) core.Witness { return NewWitness(dir) })
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
