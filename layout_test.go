package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

func listPackages(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Standard,Imports,Deps", "-deps", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]pkg{}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all[p.ImportPath] = p
	}
}

// floor says on which floor of the house a package lives; -1 is none of ours.
func floor(path string) int {
	switch {
	case path == "breakglass":
		return 3
	case under(path, "breakglass/sshserver"), under(path, "breakglass/tui"):
		return 2
	case under(path, "breakglass/store"), under(path, "breakglass/core/notify"), under(path, "breakglass/core/backup"), under(path, "breakglass/core/coretest"):
		return 1
	case under(path, "breakglass"):
		return 0
	}
	return -1
}

func under(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// room is the part of a floor that a package belongs to: imports within a room
// are its own business.
func room(path string) string {
	for _, r := range []string{"breakglass/sshserver", "breakglass/tui", "breakglass/store", "breakglass/core/notify", "breakglass/core/backup"} {
		if under(path, r) {
			return r
		}
	}
	return path
}

// within0 is who may import whom on floor 0.
var within0 = map[string][]string{
	"breakglass/core":       {"breakglass/core/audit", "breakglass/core/safetext"},
	"breakglass/core/view":  {"breakglass/core", "breakglass/core/words", "breakglass/core/safetext"},
	"breakglass/core/words": {"breakglass/core/safetext"},
}

func TestImportsPointDown(t *testing.T) {
	for path, p := range listPackages(t) {
		from := floor(path)
		if from < 0 {
			continue
		}
		for _, imported := range p.Imports {
			to := floor(imported)
			switch {
			case to < 0 || room(path) == room(imported):
			case to > from:
				t.Errorf("%s imports %s: that points up", path, imported)
			case from == 0 && !slices.Contains(within0[path], imported):
				t.Errorf("%s imports %s: floor 0 has no such way", path, imported)
			case to == from && from > 0:
				t.Errorf("%s imports %s: that points sideways", path, imported)
			}
		}
	}
}

// The rules reach nothing but the ports: no network, no programs, few others'
// code.
func TestFloorZeroDependsOnLittle(t *testing.T) {
	all := listPackages(t)
	allowed := []string{"golang.org/x/mod", "golang.org/x/text", "github.com/nicksnyder/go-i18n/v2", "github.com/rivo/uniseg", "breakglass/core"}
	for path, p := range all {
		if floor(path) != 0 {
			continue
		}
		for _, dep := range p.Deps {
			switch {
			case dep == "net", dep == "os/exec":
				t.Errorf("%s depends on %s", path, dep)
			case all[dep].Standard, strings.HasPrefix(dep, "vendor/"):
			case !slices.ContainsFunc(allowed, func(a string) bool { return under(dep, a) }):
				t.Errorf("%s depends on %s, which is not on the list", path, dep)
			}
		}
	}
}

func TestEachLibraryHasItsRoom(t *testing.T) {
	rooms := map[string][]string{
		"go.etcd.io/bbolt":                  {"breakglass/store"},
		"github.com/charmbracelet/wish":     {"breakglass/sshserver"},
		"github.com/charmbracelet/ssh":      {"breakglass/sshserver"},
		"github.com/pkg/sftp":               {"breakglass/sshserver"},
		"github.com/sendgrid":               {"breakglass/core/notify"},
		"github.com/charmbracelet/lipgloss": {"breakglass/sshserver", "breakglass/tui"},
	}
	all := listPackages(t)
	for path, p := range all {
		if floor(path) < 0 {
			continue
		}
		for _, imported := range p.Imports {
			for library, in := range rooms {
				if under(imported, library) && !slices.Contains(in, room(path)) {
					t.Errorf("%s imports %s", path, imported)
				}
			}
		}
		for _, dep := range p.Deps {
			if under(path, "breakglass/tui") && (dep == "golang.org/x/crypto/ssh" || under(dep, "breakglass/store")) {
				t.Errorf("a screen depends on %s", dep)
			}
		}
	}
}
