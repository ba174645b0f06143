package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Who tries the console chooses where its data go before any are made, whatever the
// directory is called; a config that is there keeps its own.
func TestInitData(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "it's #1: data")
	key := filepath.Join(dir, "eva")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	o := initOrder{config: filepath.Join(dir, "breakglass.yaml"), name: "eva", keyFile: key + ".pub", data: data}
	var out bytes.Buffer
	check(t, o.run(t.Context(), &out))
	c, err := readConfig(o.config)
	if err != nil || c.Data != data {
		t.Fatalf("data: %q, want %q (%v)", c.Data, data, err)
	}
	if made, err := os.ReadDir(data); err != nil || len(made) == 0 {
		t.Errorf("nothing was made in it: %v", err)
	}
	o.add, o.name = true, "ann"
	check(t, o.run(t.Context(), &out)) // the same once more is no contradiction
	o.data = filepath.Join(dir, "elsewhere")
	if err := o.run(t.Context(), &out); err == nil || !strings.Contains(err.Error(), "says data: "+data) {
		t.Errorf("another directory: %v", err)
	}
	if _, err := os.Stat(o.data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made all the same: %v", err)
	}
	o = initOrder{config: filepath.Join(dir, "other.yaml"), name: "eva", keyFile: key + ".pub", data: "a\nlisten: x"}
	if err := o.run(t.Context(), &out); err == nil || !strings.Contains(err.Error(), "control character") {
		t.Errorf("a line break: %v", err)
	}
	if _, err := os.Stat(o.config); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a config was written: %v", err)
	}
}

// A relative directory is meant from where init runs, for the console may start elsewhere.
func TestInitDataRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	check(t, err)
	got, err := initOrder{data: "./data"}.dataDir()
	if err != nil || got != filepath.Join(here, "data") {
		t.Errorf("%q %v", got, err)
	}
}
