package coretest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"breakglass/core"
)

// TestWitness is the contract of core.Witness. open returns the same witness
// each time, as a later process would find it; the first finds nothing kept.
func TestWitness(t *testing.T, open func(t *testing.T) core.Witness) {
	kept := func(want string) {
		t.Helper()
		if got, err := open(t).Kept(t.Context()); err != nil || got != want {
			t.Errorf("kept %q, %v; want %q", got, err, want)
		}
	}
	_, err := open(t).Kept(t.Context())
	want(t, err, core.ErrNotFound)
	for _, signed := range []string{"console.example/log\n5\nroot=\n\n— console.example/log sig=\n", strings.Repeat("long ", 200), "short"} {
		if err := open(t).Keep(t.Context(), signed); err != nil {
			t.Fatal(err)
		}
		kept(signed)
	}
	// Many at once leave one of them, whole.
	var all sync.WaitGroup
	w := open(t)
	for i := range 20 {
		all.Go(func() {
			if err := w.Keep(context.Background(), strings.Repeat(fmt.Sprint(i%10), 500)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := w.Kept(t.Context())
	if err != nil || len(got) != 500 || strings.Trim(got, got[:1]) != "" {
		t.Errorf("kept %q, %v", got, err)
	}
}

// Witness is a core.Witness in memory. It is safe for concurrent use.
type Witness struct {
	mu     sync.Mutex
	signed string
	fail   error
}

// NewWitness returns a witness that keeps nothing yet.
func NewWitness() *Witness { return new(Witness) }

// Fail makes every Keep from now on fail with err; nil ends that.
func (w *Witness) Fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = err
}

// Kept implements core.Witness.
func (w *Witness) Kept(context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.signed == "" {
		return "", fmt.Errorf("kept checkpoint: %w", core.ErrNotFound)
	}
	return w.signed, nil
}

// Keep implements core.Witness.
func (w *Witness) Keep(_ context.Context, signed string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return w.fail
	}
	w.signed = signed
	return nil
}
