package main

import (
	"strings"
	"testing"
)

// The stock client puts AES-CTR before AES-GCM, and gets the faster all the
// same; who is told to use CTR gets that. New keys in the middle of a download
// harm neither. It asks for as much at once as OpenSSH's own server gives.
func TestTheStockClientIsFast(t *testing.T) {
	sites, root := staticSite(t, 8<<20)
	h := newHost(t, sites)
	h.addSite("acme", root)
	s := h.enter("acme", 80, 24)
	s.openAccess(h, 0)
	s.press("Enter")
	_, user, archive := s.download()
	for _, tt := range []struct {
		name, cipher string
		args         []string
	}{
		{"by default", "aes128-gcm@openssh.com", nil},
		{"AES-CTR by order", "aes256-ctr", []string{"-c", "aes256-ctr"}},
	} {
		args := append([]string{"-vvv", "-o", "LogLevel=DEBUG3", "-o", "RekeyLimit=1M"}, append(tt.args, h.options()...)...)
		_, said, status := h.client("sftp", "", append(args, "-P", h.port, user+"@127.0.0.1:"+archive, tt.cipher)...)
		if status != 0 {
			t.Fatalf("%s: status %d\n%s", tt.name, status, said)
		}
		if readFile(t, h.path(tt.cipher)) != readFile(t, h.path("data/archives/"+archive)) {
			t.Errorf("%s: the archive arrived changed", tt.name)
		}
		for _, way := range []string{"server->client", "client->server"} {
			if n := strings.Count(said, "kex: "+way+" cipher: "+tt.cipher); n < 4 {
				t.Errorf("%s: %s got %s %d times", tt.name, way, tt.cipher, n)
			}
		}
		if !strings.Contains(said, "will use strict KEX ordering") {
			t.Errorf("%s: not by strict key exchange", tt.name)
		}
		if !strings.Contains(said, "using 261120 / 261120") {
			t.Errorf("%s: not by reads of 255 KiB", tt.name)
		}
		if t.Failed() {
			t.Logf("%.6000s", said)
		}
	}
}
