package command

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"breakglass/core"
)

// set is a console that takes what a site is set to.
type set struct {
	fake
	change core.SiteChange
}

func (s *set) SetSite(_ context.Context, _ core.Actor, _ string, ch core.SiteChange) (core.SiteInfo, error) {
	s.change = ch
	return core.SiteInfo{ID: "acme"}, nil
}

// The password of a database never stands on the command line: it is typed, or
// comes by the input, and no answer repeats it.
func TestADatabasesPasswordIsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"hunter2\n": "hunter2", "hunter2\r": "hunter2", "hunter2": "hunter2", "hunter2\r\nmore": "hunter2", "huntee\x7fr2\r": "hunter2", "\n": "", "": "", "h é\x08e r\n": "h e r",
	} {
		c := &set{}
		var out, errs bytes.Buffer
		status := Run(t.Context(), c, core.Actor{Role: core.RoleManager, Name: "eva"}, []string{"site", "set", "acme", "--database", "mysql://u@h/d"}, Streams{strings.NewReader(typed), &out, &errs}, Env{Host: "h"})
		if status != ExitDone || c.change.Database == nil || c.change.Database.URL != "mysql://u@h/d" || c.change.Database.Password.Reveal() != want || c.change.Include != nil {
			t.Errorf("%q: %d %+v %s", typed, status, c.change, errs.String())
		}
		if !strings.Contains(errs.String(), "Type the password") || strings.Contains(out.String()+errs.String(), "hunter2") {
			t.Errorf("%q: %s%s", typed, out.String(), errs.String())
		}
	}
	for typed, want := range map[string]string{"hun\x03": "Nothing was changed", strings.Repeat("x", 2000): "too long"} {
		c := &set{}
		var errs bytes.Buffer
		if status := Run(t.Context(), c, core.Actor{Role: core.RoleManager, Name: "eva"}, []string{"site", "set", "acme", "--database", "mysql://u@h/d"}, Streams{strings.NewReader(typed), &bytes.Buffer{}, &errs}, Env{}); status == ExitDone || c.change.Database != nil || !strings.Contains(errs.String(), want) {
			t.Errorf("%.10q: %d %s", typed, status, errs.String())
		}
	}
}

func TestDatabaseAndIncludesAreTakenAway(t *testing.T) {
	for _, c := range []struct {
		args  string
		paths int
	}{{"--database none --include none", 0}, {"--database= --include=", 0}, {"--database none --include /a --include /b,c", 2}} {
		s := &set{}
		var errs bytes.Buffer
		status := Run(t.Context(), s, core.Actor{Role: core.RoleManager, Name: "eva"}, append([]string{"site", "set", "acme"}, strings.Fields(c.args)...), Streams{strings.NewReader(""), &bytes.Buffer{}, &errs}, Env{})
		if status != ExitDone || s.change.Database == nil || s.change.Database.URL != "" || s.change.Include == nil || len(*s.change.Include) != c.paths {
			t.Errorf("%s: %d %+v %s", c.args, status, s.change, errs.String())
		}
	}
}

// A password on the command line is refused before anything is asked, and not
// repeated.
func TestAPasswordOnTheCommandLineIsRefused(t *testing.T) {
	for _, url := range []string{"mysql://u:hunter2@h/d", "mysql://u:hun@ter2@h/d", "mysql://:hunter2@h/d"} {
		var errs bytes.Buffer
		status := Run(t.Context(), &set{}, core.Actor{Role: core.RoleManager, Name: "eva"}, []string{"site", "set", "acme", "--database", url}, Streams{strings.NewReader(""), &bytes.Buffer{}, &errs}, Env{})
		if status != ExitUsage || !strings.Contains(errs.String(), "Leave the password out") || strings.Contains(errs.String(), "ter2") || strings.Contains(errs.String(), "Type the password") {
			t.Errorf("%d %s", status, errs.String())
		}
	}
}

// A key and a password cannot both come by the one input.
func TestOneInputForTwo(t *testing.T) {
	var errs bytes.Buffer
	args := []string{"site", "add", "acme", "--root", "/x", "--email", "a@b.example", "--owner-key", "-", "--database", "mysql://u@h/d"}
	if status := Run(t.Context(), &set{}, core.Actor{Role: core.RoleManager, Name: "eva"}, args, Streams{strings.NewReader("x"), &bytes.Buffer{}, &errs}, Env{}); status != ExitUsage || !strings.Contains(errs.String(), "cannot both") {
		t.Errorf("%d %s", status, errs.String())
	}
}
