package core_test

import (
	"testing"

	"breakglass/core"
)

// A manager sees what a backup would hold while nobody has asked for access, and
// only of a site under their care.
func TestCheckSite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		report, err := w.console.CheckSite(t.Context(), w.eva, "acme")
		w.check(err)
		if report.Free <= 0 {
			t.Errorf("it does not say what is free: %+v", report)
		}
		_, err = w.console.CheckSite(t.Context(), w.eva, "nix")
		w.refused(core.ErrNotFound, err)
		_, err = w.console.CheckSite(t.Context(), w.owner, "acme")
		w.refused(core.ErrDenied, err)
		w.addSite("zeta")
		w.must(w.console.AddPerson(t.Context(), core.RootActor, core.PersonOrder{ID: "bob", Role: core.RoleManager, Key: publicKey('b'), Sites: []string{"zeta"}}))
		_, err = w.console.CheckSite(t.Context(), w.person("bob"), "acme")
		w.refused(core.ErrDenied, err)
	})
}
