package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"breakglass/core"
)

// Whatever an error quotes, of a refusal or of the system, a terminal is shown no escape
// sequence and no text that runs the other way; several errors keep a line each.
func TestSentenceIsSafe(t *testing.T) {
	const hostile = "a\x1b]0;owned\a\u202egpj.exe\xff\r"
	path := &fs.PathError{Op: "open", Path: hostile, Err: fs.ErrNotExist}
	for name, err := range map[string]error{
		"an error of the system": fmt.Errorf("settle: %w", path),
		"a refusal":              fmt.Errorf("restore: %w", core.Refuse(core.ErrInvalid, "There is no %s.", hostile)),
		"two at once":            errors.Join(path, errors.New("the second")),
	} {
		said := sentence(err)
		if strings.ContainsAny(said, "\x1b\a\r\u202e") || !utf8.ValidString(said) || !strings.Contains(said, "gpj.exe") {
			t.Errorf("%s: %q", name, said)
		}
		if lines := strings.Count(said, "\n"); lines != strings.Count(err.Error(), "\n") {
			t.Errorf("%s: %d line breaks: %q", name, lines, said)
		}
	}
	if said := sentence(errors.New("“Café” — 100 %: nothing to hide")); said != "“Café” — 100 %: nothing to hide" {
		t.Errorf("a plain sentence became %q", said)
	}
}
