package notify

import (
	"encoding/base64"
	"fmt"
	"testing"

	"breakglass/core/audit"

	"golang.org/x/mod/sumdb/tlog"
)

// testRoot begins with 0xdeadbeef.
var testRoot = tlog.Hash{0xde, 0xad, 0xbe, 0xef, 1, 2, 3}

// testCheckpoint has the form of a signed checkpoint of a long log.
var testCheckpoint = audit.Checkpoint{Origin: "breakglass.host.example/log", Tree: tlog.Tree{N: 123456789, Hash: testRoot}}.Text() +
	"\n— breakglass.host.example/log " + base64.StdEncoding.EncodeToString(make([]byte, 68)) + "\n"

func TestReadWitness(t *testing.T) {
	w, err := readWitness(testCheckpoint)
	if err != nil || w.size != 123456789 || w.root != "deadbeef" || w.signed+"\n" != testCheckpoint {
		t.Errorf("%+v, %v", w, err)
	}
	if w, err := readWitness(""); err != nil || w != (witness{}) {
		t.Errorf("none: %+v, %v", w, err)
	}
	for _, bad := range []string{"x", "a\nb\nc\n\n— x y\n", fmt.Sprintf("a\n-1\n%s\n", base64.StdEncoding.EncodeToString(testRoot[:]))} {
		if _, err := readWitness(bad); err == nil {
			t.Errorf("%q is a checkpoint", bad)
		}
	}
}
