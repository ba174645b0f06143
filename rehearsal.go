package main

import (
	"fmt"
	"os/user"
	"path/filepath"

	"breakglass/core"
	"breakglass/core/backup/rehearse"
)

// drillConfig is how finished archives are tried out: loaded into a private
// database server and counted.
type drillConfig struct {
	Off  bool   `yaml:"off"`  // not at all
	User string `yaml:"user"` // who runs the server where the console is root; empty: nobody
	Dir  string `yaml:"dir"`  // where it keeps its data meanwhile; empty: /var/tmp
}

// check refuses what could not work.
func (c drillConfig) check() error {
	if c.Dir != "" && !filepath.IsAbs(c.Dir) {
		return fmt.Errorf("rehearsal: dir: %q must be an absolute path", c.Dir)
	}
	if c.User == "" {
		return nil
	}
	u, err := user.Lookup(c.User)
	switch {
	case err != nil:
		return fmt.Errorf("rehearsal: user: there is no user %q on this machine", c.User)
	case u.Uid == "0":
		return fmt.Errorf("rehearsal: user: %q is root, as whom no database server runs; name one without rights", c.User)
	}
	return nil
}

// open removes what a crash left, and returns what tries archives out, or nil.
func (c drillConfig) open(data string) (core.Rehearser, error) {
	if c.Off {
		return nil, nil //nolint:nilnil // nothing is tried out
	}
	r, err := rehearse.New(rehearse.Options{Name: data, User: c.User, Dir: c.Dir})
	if err != nil {
		return nil, err
	}
	return r, nil
}
