package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// terminal is a real one: a pane of a tmux server of its own, that types and
// reads like a person.
type terminal struct {
	t      testing.TB
	socket string
}

var terminals atomic.Int64

// openTerminal runs a command in a terminal of that size.
func openTerminal(t testing.TB, width, height int, env []string, command ...string) *terminal {
	t.Helper()
	s := &terminal{t: t, socket: fmt.Sprintf("breakglass-%s-%d", strings.ReplaceAll(t.Name(), "/", "-"), terminals.Add(1))}
	args := []string{
		"-u", "-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height),
	}
	for _, e := range append(env, "LANG=C.UTF-8", "TERM=screen-256color") {
		args = append(args, "-e", e)
	}
	s.tmux(append(args, "sh", "-c", "stty -ixon; "+quoted(command)+"; echo; echo \"ended with status $?\"; sleep 600")...)
	t.Cleanup(func() { _ = exec.Command("tmux", "-L", s.socket, "kill-server").Run() })
	return s
}

// quoted joins words for sh.
func quoted(words []string) string {
	safe := make([]string, len(words))
	for i, word := range words {
		safe[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(safe, " ")
}

func (s *terminal) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-L", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// text is what can be read on the screen.
func (s *terminal) text() string { return s.tmux("capture-pane", "-p", "-J") }

// colours is the same with its escape sequences.
func (s *terminal) colours() string { return s.tmux("capture-pane", "-p", "-e") }

// press presses keys by their names in tmux: Enter, Escape, C-c, a.
func (s *terminal) press(keys ...string) {
	s.t.Helper()
	s.tmux(append([]string{"send-keys"}, keys...)...)
}

// types types text.
func (s *terminal) types(text string) {
	s.t.Helper()
	s.tmux("send-keys", "-l", text)
}

// shows waits until a text can be read.
func (s *terminal) shows(text string) {
	s.t.Helper()
	deadline := false
	defer func() {
		if !deadline {
			s.t.Logf("the screen:\n%s", s.text())
		}
	}()
	eventually(s.t, "the screen shows “"+text+"”", func() bool { return strings.Contains(squeeze(s.text()), text) })
	deadline = true
}

// squeeze makes a wrapped text one line.
func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }
