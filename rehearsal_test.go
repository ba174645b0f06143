package main

import (
	"strings"
	"testing"
)

// How archives are tried out can be set, and what could not work is said at
// once.
func TestConfiguredRehearsal(t *testing.T) {
	for config, want := range map[string]string{
		"": "", "rehearsal: {user: nobody, dir: /tmp}\n": "", "rehearsal: {off: true}\n": "",
		"rehearsal: {user: root}\n":              `"root" is root`,
		"rehearsal: {user: no-such-user-here}\n": "there is no user",
		"rehearsal: {dir: tmp}\n":                "must be an absolute path",
		"rehearsal: {on: true}\n":                "unknown field",
	} {
		c, err := readConfig(writeConfigFile(t, config))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", config, err, want)
			continue
		}
		if err != nil {
			continue
		}
		r, err := c.Rehearsal.open(t.TempDir())
		check(t, err)
		if (r == nil) != c.Rehearsal.Off {
			t.Errorf("%s: %v", config, r)
		}
	}
}
