package manager_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
	"breakglass/tui/tuitest"
)

// openHouse is a real console over fakes, with eva as its manager.
func openHouse(t *testing.T) *core.Console {
	t.Helper()
	ledger := coretest.NewLedger()
	c := coretest.OpenConsole(t, core.Options{Ledger: ledger})
	err := ledger.Update(t.Context(), func(tx core.Tx) error {
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
		in(t, c, tuitest.Looks()[0], func(s *show) {
			s.Has("No sites yet")
			kit, err := c.AddSite(t.Context(), eva, core.SiteOrder{
				ID: "acme", Title: "Acme", Root: "/srv/acme", Emails: []string{"jo@acme.example"}, Call: "Eva",
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Wait(5 * time.Second)
			s.Has("quiet")
			for n := range 3 {
				owner, err := c.PassphraseLogin(t.Context(), core.Login{User: "acme"}, kit.Passphrase)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Draft(t.Context(), owner, "the shop is down"); err != nil {
					t.Fatal(err)
				}
				s.Wait(5 * time.Second)
				s.Has("request open: asked, no code sent yet")
				s.Press("v")
				if n == 2 {
					s.Has("Not possible: you have said no to this owner twice in 14 days")
					break
				}
				s.Press("it was not her", "tab", "acme", "tab", "tab", "enter")
				if len(s.Notices) != n+1 || !strings.Contains(s.Notices[n], "is refused. The owner reads your reason: it was not her") {
					t.Fatalf("notices %q, problems %q", s.Notices, s.Problems)
				}
				s.Has("quiet")
			}
			s.Press("3")
			s.Has("request.vetoed")
			s.Has("log.read")
			s.Press("/", "event:request.vetoed", "enter", "enter")
			s.Has("it was not her")
		})
		c.Close()
	})
}
