package coretest

import (
	"cmp"
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"breakglass/core"
	"breakglass/core/audit"
)

// OpenConsole opens the real console for a test. What o leaves out is a fake with
// nothing in it, a key made for the occasion, the host backup.example, port 2222,
// and every address is taken as it is. The caller closes it.
func OpenConsole(t *testing.T, o core.Options) *core.Console {
	t.Helper()
	if o.Ledger == nil {
		o.Ledger = NewLedger()
	}
	if o.Engine == nil {
		o.Engine = NewEngine(Script{})
	}
	if o.Vault == nil {
		o.Vault = NewVault()
	}
	if o.Clock == nil {
		o.Clock = NewClock()
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Pepper.IsZero() {
		o.Pepper = core.NewSecret(strings.Repeat("p", 32))
	}
	if o.Signer == nil {
		o.Signer = newSigner(t)
	}
	if o.CheckAddress == nil {
		o.CheckAddress = func(_ core.ContactKind, address string) (string, error) { return address, nil }
	}
	o.Host, o.Port = cmp.Or(o.Host, "backup.example"), cmp.Or(o.Port, 2222)
	c, err := core.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newSigner returns a signer of the log with a key of its own.
func newSigner(t *testing.T) *audit.Signer {
	t.Helper()
	signing, _, err := note.GenerateKey(rand.Reader, "test/breakglass")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(signing)
	if err != nil {
		t.Fatal(err)
	}
	return audit.NewSigner(signer.Name(), signer)
}
