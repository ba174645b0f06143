package main

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Each script in testdata/script is a way through the local commands, or an
// attack that once worked, told as its attacker would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			// A port that a script's own server may take, and one that is taken.
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			env.Defer(func() { _ = taken.Close() })
			env.Setenv("FREE", free.Addr().String())
			env.Setenv("TAKEN", taken.Addr().String())
			env.Setenv("HOME", env.WorkDir)
			return free.Close()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// flip changes one byte of FILE, in its middle.
			"flip": func(ts *testscript.TestScript, _ bool, args []string) {
				data := []byte(ts.ReadFile(args[0]))
				data[len(data)/2] ^= 1
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
			},
			// awaits waits until FILE holds TEXT.
			"awaits": func(ts *testscript.TestScript, _ bool, args []string) { awaits(ts, args[0], args[1]) },
		},
	})
}

func awaits(ts *testscript.TestScript, file, text string) {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		data, err := os.ReadFile(ts.MkAbs(file))
		if err == nil && strings.Contains(string(data), text) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			ts.Fatalf("in vain: %q in %s, which holds:\n%s", text, file, data)
		}
	}
}
