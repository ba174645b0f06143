package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A console that nobody may log in to, because its data directory was changed after
// init or init was forgotten, says so; one with a manager does not.
func TestServeSaysThatNobodyMayLogIn(t *testing.T) {
	const warning = "nobody may log in yet"
	h := &host{t: t, dir: t.TempDir(), port: freePort(t)}
	check(t, os.WriteFile(h.path("breakglass.yaml"), []byte("listen: 127.0.0.1:"+h.port+"\nhost: door.example\ndata: "+filepath.Join(h.dir, "data")+"\nroots: ["+h.dir+"]\n"), 0o600))
	t.Cleanup(h.stop)
	h.start()
	eventually(t, "it warns", func() bool { return strings.Contains(readFile(t, h.path("console.log")), warning) })
	h.stop()
	h.key("eva")
	h.local("init", "--config", h.path("breakglass.yaml"), "--manager", "eva", "--manager-key", h.path("eva.pub"))
	check(t, os.Remove(h.path("console.log")))
	h.start()
	h.stop()
	if log := readFile(t, h.path("console.log")); strings.Contains(log, warning) {
		t.Error(log)
	}
}
