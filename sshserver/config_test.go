package sshserver

import (
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// Dropbear's client and libssh2 before 1.11 know no MAC of the ETM kind.
func TestAClientThatKnowsOnlyThePlainMACGetsIn(t *testing.T) {
	bubble(t, func(t *testing.T, w *world, p *pipes) {
		got := w.negotiating(t, p.dial("192.0.2.1"), gossh.Config{Ciphers: []string{ctr256}, MACs: []string{gossh.HMACSHA256}})
		if got.Read.MAC != gossh.HMACSHA256 || got.Write.MAC != gossh.HMACSHA256 {
			t.Errorf("%+v", got)
		}
	})
}
