package command

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
)

// proving is a console with a real log of three lines.
type proving struct {
	fake
	ledger *coretest.Ledger
	signed string
	key    string
	lie    bool // shows other lines than it proves
}

func newProving(t *testing.T) *proving {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "console.example/log")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	p := &proving{ledger: coretest.NewLedger(), key: public}
	err = p.ledger.Update(t.Context(), func(tx core.Tx) error {
		for range 3 {
			if _, err := audit.Append(tx.Log(), audit.Leaf{Actor: "owner:acme", Verb: "login", Time: noon}); err != nil {
				return err
			}
		}
		p.signed, err = audit.NewSigner("console.example/log", signer).Sign(tx.Log())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *proving) LogKey() string { return p.key }

func (p *proving) Log(ctx context.Context, _ core.Actor, q core.LogQuery) (page core.LogPage, err error) {
	err = p.ledger.View(ctx, func(tx core.Tx) error {
		page = core.LogPage{Size: 3}
		data, err := tx.Log().Leaf(q.Start)
		if err != nil {
			return nil //nolint:nilerr // an empty page
		}
		hash := tlog.RecordHash(data)
		if p.lie {
			hash[0]++
		}
		page.Lines = []core.LogLine{{Seq: q.Start, Time: noon, Actor: "owner:acme", Event: core.EventLogin, Hash: fmt.Sprintf("%x", hash[:])}}
		return nil
	})
	return page, err
}

func (p *proving) ProveLog(ctx context.Context, _ core.Actor, seq int64, _ string) (proof audit.Proof, err error) {
	err = p.ledger.View(ctx, func(tx core.Tx) error {
		leaf, err := tx.Log().Leaf(seq)
		if err != nil {
			return err
		}
		proof, err = audit.Prove(tx.Log(), seq, leaf, nil, p.signed, tlog.Tree{})
		return err
	})
	return proof, err
}

// A line is shown with what proves it, or not at all.
func TestLogShow(t *testing.T) {
	p := newProving(t)
	out, errs, exit := run(t, p, ann, "log show 1", "")
	for _, want := range []string{"seq    1\n", "path        2 hashes: ", "checkpoint  console.example/log\n", "log key     " + p.key, "Proved just now", "log prove 1 > line.json"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if exit != ExitDone || errs != "" {
		t.Errorf("exit %d: %s", exit, errs)
	}
	if out, errs, exit := run(t, p, ann, "log show 3", ""); exit != ExitRefused || out != "" || !strings.Contains(errs, "no line 3 that you may read; its newest is 2") {
		t.Errorf("exit %d: %s%s", exit, out, errs)
	}
	p.lie = true
	if out, errs, exit := run(t, p, ann, "log show 1", ""); exit != ExitRefused || out != "" || !strings.Contains(errs, "Line 1 is NOT PROVED") {
		t.Errorf("a line that is not the one proved: exit %d\n%s", exit, out)
	}
	p.lie, p.key = false, newProving(t).key
	if out, errs, exit := run(t, p, ann, "log show 1", ""); exit != ExitRefused || out != "" || !strings.Contains(errs, "Line 1 is NOT PROVED") {
		t.Errorf("another key: exit %d\n%s", exit, out)
	}
}
