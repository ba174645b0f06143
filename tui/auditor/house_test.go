package auditor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
	"breakglass/tui/tuitest"
)

// Over the real console: reading, filtering, opening lines and proofs are one
// line of the log a quarter of an hour, and no more, and all of it is verified.
func TestReadingIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signer, err := note.NewSigner(bookSigning)
		if err != nil {
			t.Fatal(err)
		}
		ledger := coretest.NewLedger()
		console := coretest.OpenConsole(t, core.Options{Ledger: ledger, Signer: audit.NewSigner(bookOrigin, signer), LogKey: bookKey})
		err = ledger.Update(t.Context(), func(tx core.Tx) error {
			_, err := tx.People().Put(core.Person{ID: ada.Name, Role: ada.Role, Keys: []core.Key{{Fingerprint: ada.Factor}}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		tuitest.In(t, look(), opening(console, ada), func(s *tuitest.Show) {
			corner(t, s, "verified to 2") // the console's start, and the reading
			for range 3 {
				s.Press("enter")
				s.Has("Proved just now")
				s.Press("esc", "down", "v", "esc", "/", "event:log", "enter", "s", "esc", "esc", "#", "0", "enter", "home")
			}
			s.Wait(10 * time.Minute)
			s.Has("2 lines in the log")
			s.Has("log.read")
			s.Wait(6 * time.Minute)
			s.Has("3 lines in the log")
			corner(t, s, "verified to 3")
			if len(s.Problems) > 0 {
				t.Errorf("problems %q", s.Problems)
			}
		})
		console.Close()
	})
}
