package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
)

// situations are the ways in which a site's grant and request can stand. Each
// returns the owner's actor that went there, with its token if it got one.
var situations = map[string]func(*world) core.Actor{
	"nothing":   func(w *world) core.Actor { return w.owner },
	"drafted":   func(w *world) core.Actor { w.draft(w.owner); return w.owner },
	"code sent": func(w *world) core.Actor { w.draft(w.owner); w.sendCode(w.owner); return w.owner },
	"ready":     func(w *world) core.Actor { return w.prove(w.owner) },
	"holding": func(w *world) core.Actor {
		hold := time.Hour
		w.must(w.console.SetSite(w.t.Context(), w.eva, "acme", core.SiteChange{Hold: &hold}))
		return w.prove(w.owner)
	},
	"cancelled": func(w *world) core.Actor {
		a := w.prove(w.owner)
		w.check(w.console.CancelRequest(w.t.Context(), a))
		return a
	},
	"vetoed": func(w *world) core.Actor {
		a := w.prove(w.owner)
		w.check(w.console.Veto(w.t.Context(), w.eva, w.state(a).Request.ID, "not now"))
		return a
	},
	"locked": func(w *world) core.Actor { w.lockOut(w.owner); return w.owner },
	"lapsed": func(w *world) core.Actor {
		a := w.prove(w.owner)
		w.after(core.RequestLife)
		w.run()
		w.after(slow)
		return a
	},
	"active": func(w *world) core.Actor { return w.access() },
	"closed": func(w *world) core.Actor {
		a := w.access()
		w.check(w.console.CloseAccess(w.t.Context(), a))
		return a
	},
	"revoked": func(w *world) core.Actor {
		a := w.access()
		w.check(w.console.RevokeGrant(w.t.Context(), w.eva, w.state(a).Grant.ID, "it was not the owner"))
		return a
	},
	"over, and nobody has noticed": func(w *world) core.Actor {
		a := w.access()
		w.after(core.DefaultLife)
		return a
	},
	"over on a ledger that is full": func(w *world) core.Actor {
		a := w.access()
		w.ledger.FailUpdates(core.ErrNoSpace)
		w.after(core.DefaultLife)
		w.run()
		w.after(time.Second)
		return a
	},
	"expired": func(w *world) core.Actor {
		a := w.access()
		w.after(core.DefaultLife)
		w.run()
		w.after(time.Second)
		return a
	},
	"tokens dead": func(w *world) core.Actor {
		a := w.access()
		for range core.TokenTries {
			_, err := w.console.PassphraseLogin(w.t.Context(), core.Login{User: "acme+" + wrong(a.Token.Reveal())}, w.kit.Passphrase)
			if !errors.Is(err, core.ErrBadLogin) {
				w.t.Errorf("a wrong token: %v", err)
			}
		}
		return a
	},
}

// However the grant and the request stand and whoever asks, what can be done to
// a site is one of three things, and only with a live grant and its token.
func TestNobodyCanDoMoreThanTheThree(t *testing.T) {
	wishes := append(core.Capabilities(), "", "admin", "restore", "delete-archive", "START-BACKUP", "start-backup ", "shell")
	for name, situation := range situations {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				other := w.passphrase("other", w.addSite("other"))
				a := situation(w)
				if !slices.Contains([]string{"nothing", "drafted", "code sent", "locked"}, name) && a.Token.IsZero() {
					t.Fatal("this situation has no token to try")
				}
				w.ledger.FailUpdates(nil)
				actors := map[string]core.Actor{
					"with token": a, "without": w.owner, "wrong token": w.owner.WithToken(core.NewSecret("000000")),
					"other site": other.WithToken(a.Token), "manager": w.eva.WithToken(a.Token), "auditor": w.ada.WithToken(a.Token),
					"root": core.RootActor.WithToken(a.Token), "nobody": {},
					"manager named as the site": {Role: core.RoleManager, Name: "acme", Token: a.Token},
					"system":                    {Role: core.RoleSystem, Name: "acme", Token: a.Token},
				}
				for who, actor := range actors {
					for _, wish := range wishes {
						lease, err := w.console.Authorize(t.Context(), actor, wish)
						want := name == "active" && who == "with token" && slices.Contains(core.Capabilities(), wish)
						if (err == nil) != want {
							t.Errorf("%s may %q: %v", who, wish, err)
						}
						if err != nil {
							w.anyRefusal(err)
							continue
						}
						lease.Release()
					}
				}
			})
		})
	}
}

func (w *world) anyRefusal(err error) {
	w.t.Helper()
	var refusal *core.Refusal
	if !errors.As(err, &refusal) || refusal.Kind == nil || refusal.Error() == "" {
		w.t.Errorf("%v is no refusal", err)
	}
}

// A use case for each method of Console that takes an actor, under whose it is.
func useCases(w *world) map[string]map[string]func(core.Actor) error {
	c, ctx := w.console, w.t.Context()
	drop := func(_ any, err error) error { return err }
	return map[string]map[string]func(core.Actor) error{
		"owner, to the site": {
			"Authorize": func(a core.Actor) error {
				lease, err := c.Authorize(ctx, a, core.CapDownload)
				if err == nil {
					lease.Release()
				}
				return err
			},
			"Inspect":     func(a core.Actor) error { return drop(c.Inspect(ctx, a)) },
			"StartBackup": func(a core.Actor) error { return drop(c.StartBackup(ctx, a)) },
			"StreamBackup": func(a core.Actor) error {
				return drop(c.StreamBackup(ctx, a, io.Discard, func(core.JobInfo) {}))
			},
			"CancelBackup": func(a core.Actor) error { return c.CancelBackup(ctx, a) },
			"Watch":        func(a core.Actor) error { return drop(c.Watch(ctx, a, "J-1")) },
			"Files":        func(a core.Actor) error { return drop(c.Files(ctx, a)) },
			"OpenFile":     func(a core.Actor) error { return drop(c.OpenFile(ctx, a, "acme.tar.gz")) },
		},
		"owner, to the request": {
			"OwnerState":    func(a core.Actor) error { return drop(c.OwnerState(ctx, a)) },
			"Draft":         func(a core.Actor) error { return drop(c.Draft(ctx, a, "reason")) },
			"SendCode":      func(a core.Actor) error { return drop(c.SendCode(ctx, a, "1")) },
			"EnterCode":     func(a core.Actor) error { return drop(c.EnterCode(ctx, a, "0000-0000")) },
			"EnterPaper":    func(a core.Actor) error { return drop(c.EnterPaper(ctx, a, w.kit.Paper.Reveal())) },
			"CancelRequest": func(a core.Actor) error { return c.CancelRequest(ctx, a) },
			"Activate":      func(a core.Actor) error { return drop(c.Activate(ctx, a)) },
			"CloseAccess":   func(a core.Actor) error { return c.CloseAccess(ctx, a) },
		},
		"manager": {
			"AddContact": func(a core.Actor) error {
				return drop(c.AddContact(ctx, a, "acme", core.ContactOrder{Kind: core.ContactEmail, Address: "x@x.example"}))
			},
			"RemoveContact":  func(a core.Actor) error { return c.RemoveContact(ctx, a, "acme", "1") },
			"MakeKit":        func(a core.Actor) error { return drop(c.MakeKit(ctx, a, "acme")) },
			"SetPassphrase":  func(a core.Actor) error { return drop(c.SetPassphrase(ctx, a, "acme")) },
			"AddOwnerKey":    func(a core.Actor) error { return drop(c.AddOwnerKey(ctx, a, "acme", publicKey('x'))) },
			"RemoveOwnerKey": func(a core.Actor) error { return c.RemoveOwnerKey(ctx, a, "acme", "SHA256:x") },
			"AddSite":        func(a core.Actor) error { return drop(c.AddSite(ctx, a, order("more"))) },
			"SetSite":        func(a core.Actor) error { return drop(c.SetSite(ctx, a, "acme", core.SiteChange{})) },
			"Site":           func(a core.Actor) error { return drop(c.Site(ctx, a, "acme")) },
			"Sites":          func(a core.Actor) error { return drop(c.Sites(ctx, a)) },
			"CheckSite":      func(a core.Actor) error { return drop(c.CheckSite(ctx, a, "acme")) },
			"RemoveSite":     func(a core.Actor) error { return c.RemoveSite(ctx, a, "acme") },
			"Drill":          func(a core.Actor) error { return drop(c.Drill(ctx, a, "acme")) },
			"Rehearse":       func(a core.Actor) error { return drop(c.Rehearse(ctx, a, "acme")) },
			"Veto":           func(a core.Actor) error { return c.Veto(ctx, a, w.openRequest(), "no") },
			"RevokeGrant":    func(a core.Actor) error { return c.RevokeGrant(ctx, a, w.anyGrant(), "no") },
			"AddPerson": func(a core.Actor) error {
				return drop(c.AddPerson(ctx, a, core.PersonOrder{ID: "new", Role: core.RoleManager, Key: publicKey('n')}))
			},
			"ForgetPerson": func(a core.Actor) error { return c.ForgetPerson(ctx, a, "rob") },
			"ForgetSite":   func(a core.Actor) error { return c.ForgetSite(ctx, a, "gone") },
			"RemovePerson": func(a core.Actor) error { return c.RemovePerson(ctx, a, "ada") },
			"People":       func(a core.Actor) error { return drop(c.People(ctx, a)) },
			"TestChannel":  func(a core.Actor) error { return drop(c.TestChannel(ctx, a, core.ContactEmail)) },
		},
		"manager or auditor": {
			"Log":       func(a core.Actor) error { return drop(c.Log(ctx, a, core.LogQuery{})) },
			"ExportLog": func(a core.Actor) error { return c.ExportLog(ctx, a, core.LogJSONL, io.Discard) },
			"ExportSome": func(a core.Actor) error {
				return c.ExportSome(ctx, a, core.LogJSONL, core.LogQuery{Site: "acme"}, io.Discard)
			},
			"Story":         func(a core.Actor) error { return drop(c.Story(ctx, a, w.anyGrant())) },
			"LogCheckpoint": func(a core.Actor) error { return drop(c.LogCheckpoint(ctx, a)) },
			"LogPush":       func(a core.Actor) error { return drop(c.LogPush(ctx, a)) },
			"ProveLog":      func(a core.Actor) error { return drop(c.ProveLog(ctx, a, 0, "")) },
			"Grants":        func(a core.Actor) error { return drop(c.Grants(ctx, a)) },
			"Grant":         func(a core.Actor) error { return drop(c.Grant(ctx, a, w.anyGrant())) },
			"Requests":      func(a core.Actor) error { return drop(c.Requests(ctx, a)) },
		},
		"everybody": {"LoggedIn": func(a core.Actor) error { return c.LoggedIn(ctx, a) }},
	}
}

func (w *world) openRequest() string {
	requests, err := w.console.Requests(w.t.Context(), core.RootActor)
	w.check(err)
	if len(requests) == 0 {
		w.t.Fatal("no request is open")
	}
	return requests[0].ID
}

func (w *world) anyGrant() string {
	grants, err := w.console.Grants(w.t.Context(), core.RootActor)
	w.check(err)
	if len(grants) == 0 {
		w.t.Fatal("there is no grant")
	}
	return grants[0].ID
}

// A method that is added to Console must be put under somebody here.
func TestEveryUseCaseIsSomebodys(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		listed := map[string]bool{}
		for _, cases := range useCases(w) {
			for name := range cases {
				listed[name] = true
			}
		}
		console, actor := reflect.TypeFor[*core.Console](), reflect.TypeFor[core.Actor]()
		for method := range console.Methods() {
			takesActor := false
			for in := range method.Type.Ins() {
				takesActor = takesActor || in == actor
			}
			if takesActor != listed[method.Name] {
				t.Errorf("%s takes an actor: %v; listed: %v", method.Name, takesActor, listed[method.Name])
			}
		}
	})
}

func TestEachRoleIsRefusedWhatIsAnothers(t *testing.T) {
	mayNot := map[string][]string{
		"owner with a live grant": {"manager", "manager or auditor"},
		"manager":                 {"owner, to the site", "owner, to the request"},
		"auditor":                 {"owner, to the site", "owner, to the request", "manager"},
		"removed manager":         {"owner, to the site", "owner, to the request", "manager", "manager or auditor"},
		"manager's old key":       {"owner, to the site", "owner, to the request", "manager", "manager or auditor"},
		"auditor as a manager":    {"manager", "manager or auditor"},
		"nobody":                  {"owner, to the site", "owner, to the request", "manager", "manager or auditor"},
		"system":                  {"owner, to the site", "owner, to the request", "manager", "manager or auditor"},
	}
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.draft(w.byKey())
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "rob", Role: core.RoleManager, Key: publicKey('r')}))
		rob := w.person("rob")
		w.check(w.console.RemovePerson(t.Context(), w.eva, "rob"))
		oldKey, disguised := w.eva, w.ada
		oldKey.Factor, disguised.Role = "SHA256:old", core.RoleManager
		actors := map[string]core.Actor{
			"owner with a live grant": a, "manager": w.eva.WithToken(a.Token), "auditor": w.ada, "removed manager": rob,
			"manager's old key": oldKey, "auditor as a manager": disguised, "nobody": {}, "system": {Role: core.RoleSystem},
		}
		for who, whose := range mayNot {
			for _, area := range whose {
				for name, call := range useCases(w)[area] {
					before := w.everything()
					if err := call(actors[who]); !errors.Is(err, core.ErrDenied) {
						t.Errorf("%s calls %s: %v", who, name, err)
					}
					if w.everything() != before {
						t.Errorf("%s changed something by calling %s", who, name)
					}
				}
			}
		}
	})
}

// A manager of some sites sees and changes those only, and does not learn of
// the others.
func TestAScopedManagerHasOnlyTheirSites(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.access()
		w.draft(w.byKey())
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{
			ID: "sam", Role: core.RoleManager, Key: publicKey('s'), Sites: []string{"mine", "next"}, Roots: []string{"/srv/mine", "/srv/next"},
		}))
		sam := w.person("sam")
		w.must(w.console.AddSite(t.Context(), sam, order("mine")))
		mine := w.passphrase("mine", w.kitOf("mine"))
		w.draft(mine)

		for name, call := range useCases(w)["manager"] {
			if slices.Contains([]string{"Sites", "People", "TestChannel"}, name) {
				continue
			}
			before := w.everything()
			if err := call(sam); !errors.Is(err, core.ErrDenied) {
				t.Errorf("%s: %v", name, err)
			}
			if w.everything() != before {
				t.Errorf("%s changed something", name)
			}
		}
		_, err := w.console.Grant(t.Context(), sam, w.anyGrant())
		w.refused(core.ErrNotFound, err)
		_, err = w.console.Story(t.Context(), sam, w.anyGrant())
		w.refused(core.ErrNotFound, err)
		w.refused(core.ErrDenied, w.console.ExportLog(t.Context(), sam, core.LogJSONL, io.Discard))
		w.refused(core.ErrDenied, w.console.ExportSome(t.Context(), sam, core.LogJSONL, core.LogQuery{Site: "acme"}, io.Discard))

		sites, err := w.console.Sites(t.Context(), sam)
		w.check(err)
		requests, err := w.console.Requests(t.Context(), sam)
		w.check(err)
		grants, err := w.console.Grants(t.Context(), sam)
		w.check(err)
		if len(sites) != 1 || sites[0].ID != "mine" || len(requests) != 1 || requests[0].Site != "mine" || len(grants) != 0 {
			t.Errorf("sam sees %d sites, %d requests, %d grants", len(sites), len(requests), len(grants))
		}
		page, err := w.console.Log(t.Context(), sam, core.LogQuery{Limit: 500})
		w.check(err)
		for _, l := range page.Lines {
			if l.Site != "mine" {
				t.Errorf("sam reads %+v", l)
			}
		}

		outside := order("next")
		outside.Root = "/srv/acme/inside"
		_, err = w.console.AddSite(t.Context(), sam, outside)
		w.refused(core.ErrDenied, err)
		root := "/srv/acme"
		_, err = w.console.SetSite(t.Context(), sam, "mine", core.SiteChange{Root: &root})
		w.refused(core.ErrDenied, err)
		w.must(w.console.MakeKit(t.Context(), sam, "mine"))
	})
}

// kitOf makes a new kit for a site and returns it.
func (w *world) kitOf(site string) core.Kit {
	w.t.Helper()
	kit, err := w.console.MakeKit(w.t.Context(), w.eva, site)
	w.check(err)
	return kit
}

// Nothing of an archive is read without the token, by whatever way.
func TestAnOwnerWithoutTokenDownloadsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		name := w.backUp(a)
		for _, thief := range []core.Actor{w.owner, w.byKey(), w.owner.WithToken(core.NewSecret("0O0O0O"))} {
			_, err := w.console.Files(t.Context(), thief)
			w.refused(core.ErrNeedsProof, err)
			for _, suffix := range []string{"", ".sha256", ".sig"} {
				_, err = w.console.OpenFile(t.Context(), thief, name+suffix)
				w.refused(core.ErrNeedsProof, err)
			}
			_, err = w.console.Watch(t.Context(), thief, w.state(a).Job.ID)
			w.refused(core.ErrNeedsProof, err)
		}
		for _, path := range []string{"", "..", "../" + name, "acme", name + ".sha256.sig", "other-" + name} {
			_, err := w.console.OpenFile(t.Context(), a, path)
			w.refused(core.ErrNotFound, err)
		}
	})
}

// Wrong tokens count after a right passphrase only, and ten kill the tokens.
func TestWrongTokensAreCounted(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		login := func(token string, passphrase core.Secret) error {
			_, err := w.console.PassphraseLogin(t.Context(), core.Login{User: "acme+" + token}, passphrase)
			return err
		}
		for range 50 {
			w.refused(core.ErrBadLogin, login(wrong(a.Token.Reveal()), core.NewSecret(wrong(w.kit.Passphrase.Reveal()))))
		}
		if n := w.count(core.EventGrantWrongToken); n != 0 {
			t.Errorf("%d were counted without the passphrase", n)
		}
		for try := range core.TokenTries {
			w.check(login(a.Token.Reveal(), w.kit.Passphrase))
			w.refused(core.ErrBadLogin, login([]string{wrong(a.Token.Reveal()), "", "a b", "!"}[try%4], w.kit.Passphrase))
		}
		w.refused(core.ErrBadLogin, login(a.Token.Reveal(), w.kit.Passphrase))
		_, err := w.console.Files(t.Context(), a)
		w.refused(core.ErrNeedsProof, err)

		again := w.prove(w.owner) // a new code opens the live grant again
		w.must(w.console.Files(t.Context(), again))
		_, err = w.console.Files(t.Context(), a)
		w.refused(core.ErrNeedsProof, err)
	})
}

// A lease says why it ended, however many hold one, and stops on release.
func TestLeasesEndWithTheirGrant(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		var leases []*core.Lease
		for _, capability := range core.Capabilities() {
			lease, err := w.console.Authorize(t.Context(), a, capability)
			w.check(err)
			leases = append(leases, lease)
		}
		leases[0].Release()
		leases[0].Release()
		w.check(w.console.RevokeGrant(t.Context(), w.eva, w.anyGrant(), "stolen laptop"))
		synctest.Wait()
		for i, lease := range leases {
			cause := context.Cause(lease.Context())
			if i == 0 && !errors.Is(cause, context.Canceled) || i > 0 && !errors.Is(cause, core.ErrRevoked) {
				t.Errorf("lease %d ended for %v", i, cause)
			}
			if lease.Grant().ID == "" || fmt.Sprint(lease.Grant().Site) != "acme" {
				t.Errorf("lease of %+v", lease.Grant())
			}
		}
	})
}
