package tuitest_test

import (
	"fmt"
	mathrand "math/rand/v2"
	"reflect"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
	"breakglass/tui/tuitest"
)

// The log that costs nothing answers as the real console does.
func TestTheLogAnswersAsCoreDoes(t *testing.T) {
	ledger := coretest.NewLedger()
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	const lines = 300
	err := ledger.Update(t.Context(), func(tx core.Tx) error {
		for i := range lines {
			leaf := audit.Leaf{
				Actor: fmt.Sprintf("owner:s%d", i%3), Verb: []string{"login", "grant.closed", "grant.expired"}[i%7%3], Site: fmt.Sprintf("s%d", i%3),
				Request: fmt.Sprintf("R-%d", i/20), Grant: fmt.Sprintf("G-%d", i/40), Result: fmt.Sprintf("Result %d", i%10), Time: start.Add(time.Duration(i/2) * time.Minute),
			}
			seq, err := audit.Append(tx.Log(), leaf)
			if err == nil {
				err = tx.Log().Index(seq, leaf.Keys()...)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	console := coretest.OpenConsole(t, core.Options{Ledger: ledger})
	t.Cleanup(console.Close)
	all := map[int64]core.LogLine{}
	for next := int64(0); ; {
		page, err := console.Log(t.Context(), core.RootActor, core.LogQuery{Upward: true, Start: next, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range page.Lines {
			all[line.Seq] = line
		}
		if next = page.Next; !page.More {
			break
		}
	}
	fake := &tuitest.Log{Size: int64(len(all)), Line: func(seq int64) core.LogLine { return all[seq] }}
	random := mathrand.New(mathrand.NewPCG(1, 2)) //nolint:gosec // no secret
	maybe := func(values ...string) string { return append(values, "", "", "")[random.IntN(len(values)+3)] }
	for range 2000 {
		q := core.LogQuery{
			Limit: random.IntN(9), Upward: random.IntN(2) == 0, Site: maybe("s0", "s9"), Request: maybe("R-3"), Grant: maybe("G-2"),
			Person: maybe("owner:s1", "s2"), Event: core.Event(maybe("grant", "login", "grant.closed")), Text: maybe("RESULT 4", "nothing"),
		}
		if q.Upward {
			q.Start = random.Int64N(lines + 9)
		} else {
			q.Before = random.Int64N(lines + 9)
		}
		if random.IntN(3) == 0 {
			q.From = start.Add(time.Duration(random.IntN(200)) * time.Minute)
		}
		if random.IntN(3) == 0 {
			q.To = start.Add(time.Duration(random.IntN(200)) * time.Minute)
		}
		want, err := console.Log(t.Context(), core.RootActor, q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fake.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		same := got.Size == want.Size && reflect.DeepEqual(got.Lines, want.Lines)
		if indexed := q.Site+q.Grant+q.Request != ""; !indexed { // an index sees an end that a scan runs into
			same = same && got.More == want.More && got.Next == want.Next
		}
		if !same {
			t.Fatalf("%+v:\ngot  %+v\nwant %+v", q, got, want)
		}
	}
}
