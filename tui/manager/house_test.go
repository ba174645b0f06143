package manager_test

import (
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
)

// openHouse is a real console over fakes, with eva as its manager.
func openHouse(t *testing.T) *core.Console {
	t.Helper()
	signing, _, err := note.GenerateKey(rand.Reader, "test/breakglass")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(signing)
	if err != nil {
		t.Fatal(err)
	}
	ledger := coretest.NewLedger()
	c, err := core.Open(t.Context(), core.Options{
		Ledger: ledger, Engine: coretest.NewEngine(coretest.Script{}), Vault: coretest.NewVault(), Clock: coretest.NewClock(),
		Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Pepper: core.NewSecret(strings.Repeat("p", 32)),
		Signer: audit.NewSigner("test/breakglass", signer), Host: "backup.example", Port: 2222,
		CheckAddress: func(_ core.ContactKind, address string) (string, error) { return address, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	err = ledger.Update(t.Context(), func(tx core.Tx) error {
		_, err := tx.People().Put(core.Person{ID: eva.Name, Role: eva.Role, Keys: []core.Key{{Fingerprint: eva.Factor}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Against the rules themselves: two vetoes go through, a third does not, and the
// screen shows a site the moment that there is one.
func TestVetoesOnARealConsole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openHouse(t)
		in(t, c, looks[0], func(s *show) {
			s.has("No sites yet")
			kit, err := c.AddSite(t.Context(), eva, core.SiteOrder{
				ID: "acme", Title: "Acme", Root: "/srv/acme", Emails: []string{"jo@acme.example"}, Call: "Eva",
			})
			if err != nil {
				t.Fatal(err)
			}
			s.wait(5 * time.Second)
			s.has("quiet")
			for n := range 3 {
				owner, err := c.PassphraseLogin(t.Context(), core.Login{User: "acme"}, kit.Passphrase)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Draft(t.Context(), owner, "the shop is down"); err != nil {
					t.Fatal(err)
				}
				s.wait(5 * time.Second)
				s.has("request open: asked, no code sent yet")
				s.press("v")
				if n == 2 {
					s.has("Not possible: you have said no to this owner twice in 14 days")
					break
				}
				s.press("it was not her", "tab", "acme", "tab", "tab", "enter")
				if len(s.notices) != n+1 || !strings.Contains(s.notices[n], "is refused. The owner reads your reason: it was not her") {
					t.Fatalf("notices %q, problems %q", s.notices, s.problems)
				}
				s.has("quiet")
			}
			s.press("3")
			s.has("request.vetoed")
			s.has("log.read")
			s.press("/", "event:request.vetoed", "enter", "enter")
			s.has("it was not her")
		})
		c.Close()
	})
}
