package widget

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/coretest"
)

func TestAfterTellsOnceTheTimeHasPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if got := After(t.Context(), coretest.NewClock(), time.Minute, "rang")(); got != "rang" || time.Since(begin) != time.Minute {
			t.Errorf("%v after %s", got, time.Since(begin))
		}
	})
}

// Nothing of a command is left once its session has ended.
func TestCommandsEndWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan tea.Msg, 2)
		go func() { results <- After(ctx, coretest.NewClock(), time.Hour, "rang")() }()
		go func() {
			results <- Do(ctx, func(ctx context.Context) tea.Msg { <-ctx.Done(); return "late" })()
		}()
		synctest.Wait()
		begin := time.Now()
		cancel()
		if a, b := <-results, <-results; a != nil || b != nil || time.Since(begin) != 0 {
			t.Errorf("%v and %v after %s", a, b, time.Since(begin))
		}
	})
}

func TestFailSaysWhyAndNothingOfNoError(t *testing.T) {
	if Fail("en", nil) != nil {
		t.Error("no error has a command")
	}
	if got := Fail("en", core.Refuse(core.ErrBusy, "The site is being backed up."))(); got.(Problem).Text == "" {
		t.Errorf("got %v", got)
	}
}
