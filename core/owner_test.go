package core_test

import (
	"testing"

	"breakglass/core"
)

// An open session is worth no more than the factor that let it in: a stolen
// passphrase that was replaced, a key that was taken away, and a name that
// belongs to another customer by now end what the session can do.
func TestAnOpenSessionEndsWithItsFactor(t *testing.T) {
	for name, tt := range map[string]struct {
		byKey bool
		end   func(*world)
	}{
		"the passphrase was replaced": {false, func(w *world) {
			_, err := w.console.SetPassphrase(w.t.Context(), w.eva, "acme")
			w.check(err)
		}},
		"a new kit was made": {false, func(w *world) {
			_, err := w.console.MakeKit(w.t.Context(), w.eva, "acme")
			w.check(err)
		}},
		"the key was removed": {true, func(w *world) {
			w.check(w.console.RemoveOwnerKey(w.t.Context(), w.eva, "acme", w.byKey().Factor))
		}},
		"the name is another site's": {false, func(w *world) {
			w.check(w.console.RemoveSite(w.t.Context(), w.eva, "acme"))
			w.addSite("acme")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.owner
				if tt.byKey {
					a = w.byKey()
				}
				w.check(func() error { _, err := w.console.OwnerState(t.Context(), a); return err }())
				tt.end(w)
				_, err := w.console.OwnerState(t.Context(), a)
				w.refused(core.ErrDenied, err)
				_, err = w.console.Draft(t.Context(), a, "still here")
				w.refused(core.ErrDenied, err)
				_, err = w.console.SendCode(t.Context(), a, "1")
				w.refused(core.ErrDenied, err)
			})
		})
	}
}

// Whoever has the passphrase alone can neither end a request whose code was
// entered, nor close the access of the session that did.
func TestThePassphraseAloneEndsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.prove(w.owner)
		w.refused(core.ErrNeedsProof, w.console.CancelRequest(t.Context(), w.owner))
		w.must(w.console.Activate(t.Context(), a))
		w.refused(core.ErrNeedsProof, w.console.CloseAccess(t.Context(), w.owner))
		w.refused(core.ErrNeedsProof, w.console.CloseAccess(t.Context(), w.owner.WithToken(core.NewSecret("AAAAAA"))))
		w.check(w.console.CloseAccess(t.Context(), a))
	})
}
