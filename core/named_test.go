package core_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"breakglass/core"
)

// A database that the manager names reaches the engine with its password, and
// nobody else: not the ledger in the clear, not the log, not a screen, not the
// owner.
func TestANamedDatabaseIsKeptSecret(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		const password = "hunter2 is no password"
		info, err := w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Database: &core.NamedDatabase{URL: "mysql://shop@localhost/shop", Password: core.NewSecret(password)}})
		w.check(err)
		if info.Database != "mysql://shop:•••@localhost/shop" {
			t.Errorf("%s", info.Database)
		}
		var kept strings.Builder
		w.check(w.ledger.View(t.Context(), func(tx core.Tx) error {
			site, err := tx.Sites().Get("acme")
			if err != nil {
				return err
			}
			if len(site.DatabaseSealed) == 0 || site.Database != "mysql://shop@localhost/shop" {
				t.Errorf("%+v", site)
			}
			size, err := tx.Log().Size()
			if err != nil {
				return err
			}
			for seq := range size {
				leaf, err := tx.Log().Leaf(seq)
				if err != nil {
					return err
				}
				kept.Write(leaf)
			}
			data, err := json.Marshal(site)
			kept.Write(data)
			return err
		}))
		fmt.Fprintf(&kept, "%+v %+v %s", w.pending(), info, w.operator.String())
		if strings.Contains(kept.String(), "hunter2") {
			t.Error("the password is told")
		}
		if !strings.Contains(kept.String(), "mysql://shop:•••@localhost/shop") {
			t.Error("the change is not logged")
		}
		if state := fmt.Sprintf("%+v", w.state(w.owner)); strings.Contains(state, "mysql://") || strings.Contains(state, "hunter2") {
			t.Error("the owner is shown the database")
		}
		w.backUp(w.access())
		spec := w.engine.Orders()[0].SiteSpec
		if spec.Database.URL != "mysql://shop@localhost/shop" || spec.Database.Password.Reveal() != password {
			t.Errorf("the engine was told %+v", spec)
		}
		none := core.NamedDatabase{}
		if info, err = w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Database: &none}); err != nil || info.Database != "" {
			t.Errorf("%v %s", err, info.Database)
		}
	})
}

// A sealed password is worth nothing with another URL: whoever can write the
// ledger alone cannot have it sent to a server of theirs.
func TestASealedPasswordIsBoundToItsURL(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Database: &core.NamedDatabase{URL: "mysql://shop@localhost/shop", Password: core.NewSecret("x")}}))
		w.check(w.ledger.Update(t.Context(), func(tx core.Tx) error {
			site, err := tx.Sites().Get("acme")
			if err != nil {
				return err
			}
			site.Database = "mysql://shop@evil.example/shop"
			_, err = tx.Sites().Put(site)
			return err
		}))
		if _, err := w.console.Inspect(t.Context(), w.access()); err == nil || errors.Is(err, core.ErrDatabase) {
			t.Errorf("%v", err)
		}
	})
}

func TestNamedDatabasesThatAreRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for url, password := range map[string]string{
			"mysql://shop:SECRET@localhost/shop": "", "SECRET": "", "mysql://shop@localhost/shop": "SECRET\n", "mysql://shop@localhost/two": strings.Repeat("SECRET", 100),
		} {
			_, err := w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Database: &core.NamedDatabase{URL: url, Password: core.NewSecret(password)}})
			if refusal := w.refused(core.ErrInvalid, err); strings.Contains(refusal.Error(), "SECRET") {
				t.Errorf("%v", err)
			}
		}
		named := core.SiteChange{Database: &core.NamedDatabase{URL: "mysql://shop@localhost/shop"}}
		for _, a := range []core.Actor{w.owner, w.ada} {
			_, err := w.console.SetSite(t.Context(), a, "acme", named)
			w.refused(core.ErrDenied, err)
		}
	})
}

// What a site includes lies apart from its own root and from every other site's:
// else an owner would get what is another's.
func TestIncludedPaths(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		set := func(site string, paths ...string) error {
			_, err := w.console.SetSite(t.Context(), w.eva, site, core.SiteChange{Include: &paths})
			return err
		}
		other := order("other")
		other.Root = "/srv/other"
		w.must(w.console.AddSite(t.Context(), w.eva, other))
		info, err := w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Include: &[]string{"/srv/shared/up", "/srv/shared", "/srv/shared-2", "/srv/one.key"}})
		w.check(err)
		if got := strings.Join(info.Include, " "); got != "/srv/one.key /srv/shared /srv/shared-2" {
			t.Errorf("%s", got)
		}
		w.refused(core.ErrInvalid, set("acme", info.Root))
		w.refused(core.ErrInvalid, set("acme", info.Root+"/wp-content"))
		w.refused(core.ErrInvalid, set("acme", "/"))
		w.refused(core.ErrExists, set("acme", "/srv/other/files"))
		w.refused(core.ErrInvalid, set("acme", "/srv"))
		w.check(set("other", "/srv/shared")) // both may
		root := "/srv/shared/third"
		_, err = w.console.SetSite(t.Context(), w.eva, "other", core.SiteChange{Root: &root})
		w.refused(core.ErrInvalid, err)
		w.check(set("other"))
		_, err = w.console.SetSite(t.Context(), w.eva, "other", core.SiteChange{Root: &root})
		w.refused(core.ErrExists, err)
		third := order("third")
		third.Root = root
		_, err = w.console.AddSite(t.Context(), w.eva, third)
		w.refused(core.ErrExists, err)
		w.backUp(w.access())
		if got := w.engine.Orders()[0].Include; len(got) != 3 {
			t.Errorf("the engine was told %v", got)
		}
		// A manager of some directories includes nothing from others.
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "sam", Role: core.RoleManager, Key: publicKey('s'), Sites: []string{"other"}, Roots: []string{"/srv/other", "/srv/mine"}}))
		mine, theirs := []string{"/srv/mine/x"}, []string{"/srv/shared"}
		w.must(w.console.SetSite(t.Context(), w.person("sam"), "other", core.SiteChange{Include: &mine}))
		_, err = w.console.SetSite(t.Context(), w.person("sam"), "other", core.SiteChange{Include: &theirs})
		w.refused(core.ErrDenied, err)
	})
}
