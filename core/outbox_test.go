package core_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

// codeMessages lists the open rows that carry a code, oldest first.
func (w *world) codeMessages() []core.Message {
	w.t.Helper()
	var codes []core.Message
	for _, m := range w.pending() {
		if m.Event == core.EventCode {
			codes = append(codes, m)
		}
	}
	return codes
}

// begin begins to send a message and returns its code.
func (w *world) begin(id string) string {
	w.t.Helper()
	_, code, err := w.console.BeginSend(w.t.Context(), id)
	w.check(err)
	return code.Reveal()
}

func (w *world) end(id string, state core.MessageState) {
	w.t.Helper()
	w.check(w.console.EndSend(w.t.Context(), id, core.Outcome{State: state, At: w.clock.Now().Add(time.Minute), Result: "as the test says"}))
}

// sent reads a message at its end.
func (w *world) sent(id string) (m core.Message) {
	w.t.Helper()
	w.view(func(tx core.Tx) (err error) {
		m, err = tx.Sent().Get(id)
		return err
	})
	return m
}

// No secret is kept anywhere as it is typed: not in a record, a notice, a line
// of the log or the operator's log, from the first step to the last.
func TestNoSecretIsKept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		secrets := map[string]string{"passphrase": w.kit.Passphrase.Reveal(), "paper": w.kit.Paper.Reveal()}
		var records strings.Builder
		look := func() { records.WriteString(w.everything()) }
		w.draft(w.owner)
		w.must(w.console.SendCode(t.Context(), w.owner, "1"))
		look()
		secrets["code"] = w.deliver()
		_ = w.guess(w.owner, secrets["code"])
		look()
		a, err := w.console.EnterCode(t.Context(), w.owner, secrets["code"])
		w.check(err)
		secrets["token"] = a.Token.Reveal()
		w.must(w.console.Activate(t.Context(), a))
		w.backUp(a)
		look()
		w.check(w.console.CloseAccess(t.Context(), a))
		look()
		w.console.Close()
		records.WriteString(w.operator.String())
		text := records.String()
		for name, secret := range secrets {
			if secret == "" {
				t.Fatalf("no %s", name)
			}
			plain := strings.ReplaceAll(secret, "-", "")
			for _, form := range []string{secret, plain, strings.ToLower(plain), base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(plain))} {
				if strings.Contains(text, form) {
					t.Errorf("the %s is kept as %q", name, form)
				}
			}
		}
		if data, err := json.Marshal(w.kit); err != nil || strings.Contains(string(data), secrets["paper"]) || strings.Contains(fmt.Sprintf("%+v", w.kit), secrets["passphrase"]) {
			t.Errorf("a printed kit shows its secrets: %v", err)
		}
	})
}

// A code goes by one message of its own, sealed until it is sent and wiped at
// its end; the notice that it was sent goes to the others.
func TestACodeTravelsAloneAndIsWiped(t *testing.T) {
	for _, end := range []core.MessageState{core.MessageAccepted, core.MessageFailed, core.MessageExpired} {
		inWorld(t, func(t *testing.T, w *world) {
			w.draft(w.owner)
			w.must(w.console.SendCode(t.Context(), w.owner, "1"))
			codes := w.codeMessages()
			if len(codes) != 1 || codes[0].Address != "owner@acme.example" || !codes[0].Expires.Equal(w.clock.Now().Add(core.CodeLife)) {
				t.Fatalf("%+v", codes)
			}
			id := codes[0].ID
			if code := w.begin(id); len(code) != 9 || code[4] != '-' {
				t.Errorf("the code has another form: %d characters", len(code))
			}
			w.end(id, end)
			if m := w.sent(id); len(m.Code) != 0 || m.State != end || m.Ended.IsZero() {
				t.Errorf("%+v", m)
			}
			w.end(id, core.MessageRetry) // says it late: nothing changes
			if m := w.sent(id); m.State != end {
				t.Errorf("%+v", m)
			}
			for _, m := range w.codeMessages() {
				if m.ID == id {
					t.Error("it is still in the outbox")
				}
			}
			if info := w.state(w.owner).Request.Message; end == core.MessageAccepted && (info.State != end || info.Result == "") {
				t.Errorf("the owner sees %+v", info)
			}
		})
	}
}

// The attempt is counted before anything leaves; what a crash left in
// "sending" goes once more, with the same code.
func TestAnInterruptedSendIsTakenUpAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		w.must(w.console.SendCode(t.Context(), w.owner, "1"))
		id := w.codeMessages()[0].ID
		first := w.begin(id)
		w.console.Close()
		w.open()
		if again := w.begin(id); again != first {
			t.Error("another code was sent")
		}
		if m := w.codeMessages()[0]; m.Attempts != 2 || m.State != core.MessageSending {
			t.Errorf("%+v", m)
		}
		w.end(id, core.MessageRetry)
		_, _, err := w.console.BeginSend(t.Context(), id)
		w.refused(core.ErrState, err)
		w.after(time.Minute)
		w.must(w.console.EnterCode(t.Context(), w.owner, w.begin(id)))
	})
}

// A code that cannot be sent, or is not accepted in time, goes to the other
// channel: the same code, once.
func TestACodeSwitchesChannel(t *testing.T) {
	ways := map[string]func(*world, string){
		"failed":  func(w *world, id string) { w.begin(id); w.end(id, core.MessageFailed) },
		"expired": func(w *world, id string) { w.begin(id); w.end(id, core.MessageExpired) },
		"late":    func(w *world, id string) { w.check(w.console.SwitchChannel(w.t.Context(), id)) },
		"late, twice": func(w *world, id string) {
			w.check(w.console.SwitchChannel(w.t.Context(), id))
			w.check(w.console.SwitchChannel(w.t.Context(), id))
		},
		"late, then failed": func(w *world, id string) {
			w.begin(id)
			w.check(w.console.SwitchChannel(w.t.Context(), id))
			w.end(id, core.MessageFailed)
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.draft(w.owner)
				w.must(w.console.SendCode(t.Context(), w.owner, "1"))
				id := w.codeMessages()[0].ID
				way(w, id)
				var other []core.Message
				for _, m := range w.codeMessages() {
					if m.ID != id {
						other = append(other, m)
					}
				}
				if len(other) != 1 || other[0].Kind != core.ContactPhone {
					t.Fatalf("the other channel has %+v", other)
				}
				if r := w.state(w.owner).Request; r.SentTo.Kind != core.ContactPhone || r.SendsLeft != core.SendsPerRequest-1 {
					t.Errorf("%+v", r)
				}
				w.must(w.console.EnterCode(t.Context(), w.owner, w.begin(other[0].ID)))
			})
		})
	}
}

// Both messages of one code are good as long as the code is.
func TestTheFirstChannelMayStillDeliver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		w.must(w.console.SendCode(t.Context(), w.owner, "1"))
		id := w.codeMessages()[0].ID
		w.check(w.console.SwitchChannel(t.Context(), id))
		w.must(w.console.EnterCode(t.Context(), w.owner, w.begin(id)))
	})
}

// With no other contact that takes codes now a code stays where it is.
func TestACodeDoesNotSwitchToAContactThatWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.check(w.console.RemoveContact(t.Context(), w.eva, "acme", "2"))
		w.after(48 * time.Hour)
		w.must(w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactPhone, Address: "+31600000000"}))
		w.draft(w.owner)
		_, err := w.console.SendCode(t.Context(), w.owner, "3")
		w.refused(core.ErrNoContact, err)
		w.must(w.console.SendCode(t.Context(), w.owner, "1"))
		w.end(w.codeMessages()[0].ID, core.MessageFailed)
		if codes := w.codeMessages(); len(codes) != 0 {
			t.Errorf("%+v", codes)
		}
	})
}

// A fallback that was removed meanwhile is passed over for the next.
func TestACodePassesOverARemovedFallback(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.AddContact(t.Context(), w.eva, "acme", core.ContactOrder{Kind: core.ContactPhone, Address: "+31600000000"}))
		w.draft(w.owner)
		w.must(w.console.SendCode(t.Context(), w.owner, "1"))
		id := w.codeMessages()[0].ID
		w.check(w.ledger.Update(t.Context(), func(tx core.Tx) error {
			site, err := tx.Sites().Get("acme")
			if err != nil {
				return err
			}
			site.Contacts[1].Until = w.clock.Now()
			_, err = tx.Sites().Put(site)
			return err
		}))
		w.check(w.console.SwitchChannel(t.Context(), id))
		if codes := w.codeMessages(); len(codes) != 2 || codes[1].Address != "+31600000000" {
			t.Errorf("%+v", codes)
		}
	})
}

// A code whose request has ended, or that a resend replaced, is not sent any
// more, nor by the other channel; the row is settled, its site gone or not.
func TestADeadCodeIsNotSent(t *testing.T) {
	for name, kill := range map[string]func(*world){
		"cancelled": func(w *world) { w.check(w.console.CancelRequest(w.t.Context(), w.owner)) },
		"vetoed":    func(w *world) { w.check(w.console.Veto(w.t.Context(), w.eva, w.openRequest(), "no")) },
		"replaced":  func(w *world) { w.must(w.console.SendCode(w.t.Context(), w.owner, "2")) },
		"too old":   func(w *world) { w.after(core.CodeLife) },
		"no site":   func(w *world) { w.check(w.console.RemoveSite(w.t.Context(), w.eva, "acme")) },
	} {
		for _, retrying := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, retrying %v", name, retrying), func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					w.draft(w.owner)
					w.must(w.console.SendCode(t.Context(), w.owner, "1"))
					id := w.codeMessages()[0].ID
					if retrying {
						w.begin(id)
						w.end(id, core.MessageRetry)
						w.after(time.Minute)
					}
					kill(w)
					others := len(w.codeMessages()) - 1
					w.check(w.console.SwitchChannel(t.Context(), id))
					_, code, err := w.console.BeginSend(t.Context(), id)
					if w.refused(core.ErrState, err); !code.IsZero() {
						t.Error("the code was handed out")
					}
					if m := w.sent(id); m.State != core.MessageExpired || len(m.Code) != 0 || m.Result == "" {
						t.Errorf("%+v", m)
					}
					w.end(id, core.MessageFailed)
					if n := len(w.codeMessages()); n != others {
						t.Errorf("%d codes are on their way, %d were", n, others)
					}
				})
			})
		}
	}
}

// An attempt that was under way when its site went is settled all the same.
func TestASendEndsThoughItsSiteIsGone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.draft(w.owner)
		w.must(w.console.SendCode(t.Context(), w.owner, "1"))
		id := w.codeMessages()[0].ID
		w.begin(id)
		w.check(w.console.RemoveSite(t.Context(), w.eva, "acme"))
		w.end(id, core.MessageFailed)
		if m := w.sent(id); m.State != core.MessageFailed {
			t.Errorf("%+v", m)
		}
	})
}

// The courier is woken for each message, and rows come in the order they are due.
func TestTheCourierIsWoken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for len(w.console.Outgoing()) > 0 {
			<-w.console.Outgoing()
		}
		w.check(w.console.LoggedIn(t.Context(), w.owner))
		if len(w.console.Outgoing()) != 0 {
			t.Error("woken for nothing")
		}
		w.draft(w.owner)
		if len(w.console.Outgoing()) != 1 {
			t.Error("not woken")
		}
		pending := w.pending()
		w.begin(pending[0].ID)
		w.end(pending[0].ID, core.MessageRetry)
		if got := w.pending(); got[len(got)-1].ID != pending[0].ID {
			t.Error("what is due later comes first")
		}
	})
}
