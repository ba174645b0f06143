package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/coretest"
)

// usable lists the contacts that codes go to now.
func (w *world) usable() string {
	w.t.Helper()
	var ids []string
	for _, c := range w.state(w.owner).Contacts {
		ids = append(ids, c.ID)
	}
	return strings.Join(ids, " ")
}

func TestANewContactWaitsSeventyTwoHoursOnceTheSiteIsSetUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		add := func(address string) core.ContactInfo {
			info, err := w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactEmail, Address: address})
			w.check(err)
			return info
		}
		w.after(24 * time.Hour)
		if info := add("Same-Day@acme.example"); !info.Usable || w.usable() != "1 2 3" {
			t.Errorf("on the first day: %+v", info)
		}
		w.after(time.Second)
		if info := add("later@acme.example"); info.Usable || info.From.Sub(w.clock.Now()) != core.ContactWait {
			t.Errorf("later: %+v", info)
		}
		w.after(core.ContactWait - time.Nanosecond)
		if got := w.usable(); got != "1 2 3" {
			t.Errorf("a moment too early: %s", got)
		}
		w.after(time.Nanosecond)
		if got := w.usable(); got != "1 2 3 4" {
			t.Errorf("after the wait: %s", got)
		}
		_, err := w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactEmail, Address: "same-day@ACME.example"})
		w.refused(core.ErrExists, err)
		_, err = w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactEmail, Address: "bad"})
		w.refused(core.ErrInvalid, err)
		_, err = w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: "pigeon", Address: "x"})
		w.refused(core.ErrInvalid, err)
	})
}

// A manager cannot cut the owner off at a stroke: codes still go to a removed
// address for 72 hours, and it is told; after that it is told nothing.
func TestARemovedContactIsKeptForSeventyTwoHours(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.after(48 * time.Hour)
		w.deliver()
		w.check(w.console.RemoveContact(t.Context(), w.eva, "acme", "1"))
		told := func() bool {
			return slices.ContainsFunc(w.pending(), func(m core.Message) bool { return m.Address == "owner@acme.example" })
		}
		if !told() || w.usable() != "1 2" {
			t.Errorf("told %v, codes go to %s", told(), w.usable())
		}
		w.refused(core.ErrNotFound, w.console.RemoveContact(t.Context(), w.eva, "acme", "1"))
		a := w.prove(w.owner) // by a code to the removed address
		w.check(w.console.CancelRequest(t.Context(), a))
		w.after(core.ContactWait)
		w.deliver()
		w.check(w.console.RemoveContact(t.Context(), w.eva, "acme", "2"))
		if told() || w.usable() != "2" {
			t.Errorf("told %v, codes go to %s", told(), w.usable())
		}
		w.after(core.ContactWait)
		w.draft(w.owner) // the paper code is left
		w.check(w.console.CancelRequest(t.Context(), w.owner))
	})
}

// Without an address and without paper the owner is told at once whom to call.
func TestWithoutAnyWayToProveItThereIsNoRequest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		a, err := w.console.EnterPaper(t.Context(), w.owner, w.kit.Paper.Reveal())
		w.check(err)
		w.check(w.console.CancelRequest(t.Context(), a))
		w.check(w.console.RemoveContact(t.Context(), w.eva, "acme", "1"))
		w.check(w.console.RemoveContact(t.Context(), w.eva, "acme", "2"))
		_, err = w.console.Draft(t.Context(), w.owner, "help")
		if refusal := w.refused(core.ErrNoContact, err); !strings.Contains(refusal.Error(), "Eva") {
			t.Errorf("it does not say whom to call: %s", refusal)
		}
	})
}

func TestAProvenContactSaysWhen(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.prove(w.owner)
		contacts := w.state(w.owner).Contacts
		if !contacts[0].Proven.Equal(w.clock.Now()) || !contacts[1].Proven.IsZero() {
			t.Errorf("%+v", contacts)
		}
		for _, c := range contacts {
			if strings.Contains(c.Masked, "owner") || strings.Contains(c.Masked, "612345") || !strings.Contains(c.Masked, "•••••") {
				t.Errorf("shown as %s", c.Masked)
			}
		}
	})
}

func TestABadSiteIsRefusedWithOneSentence(t *testing.T) {
	cases := []struct {
		what string
		kind error
		do   func(*core.SiteOrder)
	}{
		{"no name", core.ErrInvalid, func(o *core.SiteOrder) { o.ID = "" }},
		{"capitals", core.ErrInvalid, func(o *core.SiteOrder) { o.ID = "Acme" }},
		{"a plus", core.ErrInvalid, func(o *core.SiteOrder) { o.ID = "ac+me" }},
		{"a line break", core.ErrInvalid, func(o *core.SiteOrder) { o.ID = "more\n" }},
		{"a dash at its end", core.ErrInvalid, func(o *core.SiteOrder) { o.ID = "more-" }},
		{"33 characters", core.ErrInvalid, func(o *core.SiteOrder) { o.ID = strings.Repeat("a", 33) }},
		{"a digit first", core.ErrInvalid, func(o *core.SiteOrder) { o.ID = "1more" }},
		{"reserved", core.ErrInvalid, func(o *core.SiteOrder) { o.ID = "root" }},
		{"another site's name", core.ErrExists, func(o *core.SiteOrder) { o.ID = "acme"; o.Root = "/srv/x" }},
		{"a person's name", core.ErrExists, func(o *core.SiteOrder) { o.ID = "ada" }},
		{"the same root", core.ErrExists, func(o *core.SiteOrder) { o.Root = "/srv/acme" }},
		{"a root inside", core.ErrExists, func(o *core.SiteOrder) { o.Root = "/srv/acme/shop" }},
		{"a root around", core.ErrExists, func(o *core.SiteOrder) { o.Root = "/srv" }},
		{"no contact", core.ErrNoContact, func(o *core.SiteOrder) { o.Emails, o.Phones = nil, nil }},
		{"a bad address", core.ErrInvalid, func(o *core.SiteOrder) { o.Emails = []string{"bad\x1b]0;title\a"} }},
		{"no time zone", core.ErrInvalid, func(o *core.SiteOrder) { o.Zone = "Amsterdam" }},
		{"a path as time zone", core.ErrInvalid, func(o *core.SiteOrder) { o.Zone = "../../etc/passwd" }},
		{"too short a life", core.ErrInvalid, func(o *core.SiteOrder) { o.Life = time.Second }},
		{"too long a life", core.ErrInvalid, func(o *core.SiteOrder) { o.Life = core.MaxLife + 1 }},
		{"a negative life", core.ErrInvalid, func(o *core.SiteOrder) { o.Life = -time.Hour }},
		{"too long a hold", core.ErrInvalid, func(o *core.SiteOrder) { o.Hold = core.MaxHold + 1 }},
		{"a negative hold", core.ErrInvalid, func(o *core.SiteOrder) { o.Hold = -1 }},
		{"a bad key", core.ErrInvalid, func(o *core.SiteOrder) { o.Key = "ssh-ed25519 AAAA" }},
	}
	inWorld(t, func(t *testing.T, w *world) {
		before := w.everything()
		for _, c := range cases {
			o := order("more")
			c.do(&o)
			_, err := w.console.AddSite(t.Context(), w.eva, o)
			if !errors.Is(err, c.kind) {
				t.Errorf("%s: %v", c.what, err)
				continue
			}
			if text := w.refused(c.kind, err).Error(); strings.ContainsAny(text, "\x1b\a\n") {
				t.Errorf("%s: %q", c.what, text)
			}
		}
		w.engine.Follow(coretest.Script{RootErr: core.Refuse(core.ErrInvalid, "There is no directory /srv/more.")})
		_, err := w.console.AddSite(t.Context(), w.eva, order("more"))
		w.refused(core.ErrInvalid, err)
		if w.everything() != before {
			t.Error("a refused site left something behind")
		}
		w.engine.Follow(coretest.Script{})
		neighbour := order("acme-shop")
		neighbour.Root = "/srv/acme-shop" // begins like acme's, and does not lie in it
		w.must(w.console.AddSite(t.Context(), w.eva, neighbour))
	})
}

// A root that is changed is held to the same rules as a new one.
func TestAChangedRootIsCheckedLikeANewOne(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.addSite("other")
		set := func(root string) error {
			_, err := w.console.SetSite(t.Context(), w.eva, "acme", core.SiteChange{Root: &root})
			return err
		}
		for _, root := range []string{"/srv/other", "/srv/other/inside", "/srv", "/"} {
			w.refused(core.ErrExists, set(root))
		}
		w.check(set("/srv/acme/public")) // its own old root is no obstacle
		w.draft(w.owner)
		w.refused(core.ErrState, set("/srv/elsewhere"))
		w.check(set("/srv/acme/public"))
	})
}

// Two managers who set up overlapping roots at once do not both succeed.
func TestOverlappingRootsAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		done := make(chan error, 10)
		for i := range cap(done) {
			o := order(fmt.Sprint("site", i))
			o.Root = "/srv/shared" + strings.Repeat("/deeper", i%3)
			go func() {
				_, err := w.console.AddSite(t.Context(), w.eva, o)
				done <- err
			}()
		}
		made := 0
		for range cap(done) {
			if err := <-done; err == nil {
				made++
			}
		}
		if made != 1 {
			t.Errorf("%d sites share a root", made)
		}
	})
}

func TestPeopleRules(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		good := core.PersonOrder{ID: "bob", Role: core.RoleManager, Key: publicKey('b')}
		for what, c := range map[string]struct {
			kind error
			do   func(*core.PersonOrder)
		}{
			"a bad name":     {core.ErrInvalid, func(o *core.PersonOrder) { o.ID = "Bob" }},
			"a site's name":  {core.ErrExists, func(o *core.PersonOrder) { o.ID = "acme" }},
			"a taken name":   {core.ErrExists, func(o *core.PersonOrder) { o.ID = "ada" }},
			"an owner":       {core.ErrInvalid, func(o *core.PersonOrder) { o.Role = core.RoleOwner }},
			"no role":        {core.ErrInvalid, func(o *core.PersonOrder) { o.Role = "" }},
			"no key":         {core.ErrInvalid, func(o *core.PersonOrder) { o.Key = "" }},
			"a bad address":  {core.ErrInvalid, func(o *core.PersonOrder) { o.Email = "bad" }},
			"a bad number":   {core.ErrInvalid, func(o *core.PersonOrder) { o.Phone = "bad" }},
			"no site's name": {core.ErrInvalid, func(o *core.PersonOrder) { o.Sites = []string{"a\nb"} }},
			"a relative dir": {core.ErrInvalid, func(o *core.PersonOrder) { o.Roots = []string{"srv"} }},
		} {
			o := good
			c.do(&o)
			if _, err := w.console.AddPerson(t.Context(), w.eva, o); !errors.Is(err, c.kind) {
				t.Errorf("%s: %v", what, err)
			}
		}
		w.refused(core.ErrNotFound, w.console.RemovePerson(t.Context(), w.eva, "nobody"))
		w.refused(core.ErrState, w.console.RemovePerson(t.Context(), w.eva, "eva"))
		good.Roots = []string{"/srv/bob"}
		w.must(w.console.AddPerson(t.Context(), w.eva, good))
		w.refused(core.ErrState, w.console.RemovePerson(t.Context(), w.eva, "eva")) // bob is not of all sites
		w.check(w.console.RemovePerson(t.Context(), w.eva, "bob"))                  // nor the last of them
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "cas", Role: core.RoleManager, Key: publicKey('c')}))
		w.check(w.console.RemovePerson(t.Context(), w.eva, "eva"))
		_, err := w.console.People(t.Context(), w.eva)
		w.refused(core.ErrDenied, err)
		_, err = w.console.KeyLogin(t.Context(), core.Login{User: "eva"}, publicKey(evaKey))
		w.refused(core.ErrBadLogin, err)
	})
}

// Two managers who remove each other at the same moment leave one.
func TestTwoManagersCannotRemoveEachOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "cas", Role: core.RoleManager, Key: publicKey('c')}))
		cas := w.person("cas")
		var first error
		w.ledger.before = func() { first = w.console.RemovePerson(t.Context(), cas, "eva") }
		second := w.console.RemovePerson(t.Context(), w.eva, "cas")
		if w.check(first); !errors.Is(second, core.ErrDenied) && !errors.Is(second, core.ErrState) {
			t.Errorf("both succeeded: %v", second)
		}
		// The same by root, who needs no enrolment.
		w.must(w.console.AddPerson(t.Context(), cas, core.PersonOrder{ID: "dan", Role: core.RoleManager, Key: publicKey('d')}))
		w.ledger.before = func() { first = w.console.RemovePerson(t.Context(), core.RootActor, "dan") }
		second = w.console.RemovePerson(t.Context(), core.RootActor, "cas")
		w.check(first)
		w.refused(core.ErrState, second)
	})
}

// Logins that fail say the same, whatever was wrong.
func TestAFailedLoginTellsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var texts []string
		try := func(_ core.Actor, err error) {
			t.Helper()
			texts = append(texts, w.refused(core.ErrBadLogin, err).Error())
		}
		ctx := t.Context()
		for _, user := range []string{"acme", "nobody", "eva", "", "acme+000000", "nobody+000000"} {
			try(w.console.PassphraseLogin(ctx, core.Login{User: user}, core.NewSecret(wrong(w.kit.Passphrase.Reveal()))))
			try(w.console.PassphraseLogin(ctx, core.Login{User: user}, core.NewSecret("")))
			try(w.console.KeyLogin(ctx, core.Login{User: user}, publicKey('x')))
			try(w.console.KeyLogin(ctx, core.Login{User: user}, "no key at all"))
		}
		try(w.console.KeyLogin(ctx, core.Login{User: "eva+000000"}, publicKey(evaKey)))
		try(w.console.KeyLogin(ctx, core.Login{User: "ada"}, publicKey(evaKey)))
		try(w.console.PassphraseLogin(ctx, core.Login{User: "acme"}, w.kitOf("acme").Paper))
		try(w.console.PassphraseLogin(ctx, core.Login{User: "acme"}, w.kit.Passphrase)) // replaced just now
		if texts = slices.Compact(texts); len(texts) != 1 {
			t.Errorf("%q", texts)
		}
	})
}
