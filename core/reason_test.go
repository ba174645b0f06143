package core_test

import (
	"testing"

	"breakglass/core"
)

// A reason is read by everyone who is told, so it says something; but who asks
// may be in distress, and three letters do.
func TestReasonSaysWhy(t *testing.T) {
	for reason, want := range map[string]bool{
		"": false, " ": false, "?": false, "...": false, "x": false, "-- !!": false, "ok": false, "a?b": false, "\u200b\u200b\u200b": false,
		"SOS": true, "404": true, "Eva is gone": true, "s.o.s.": true, "Öl!x": true, "火": true, "помогите": true, "ช่วยด้วย": true,
	} {
		if got := core.SaysWhy(reason); got != want {
			t.Errorf("%q: %v", reason, got)
		}
	}
}

// What says nothing makes no request, in any screen or client.
func TestDraftRefusesAReasonThatSaysNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, reason := range []string{"", "?", " . ", "\u202e??"} {
			_, err := w.console.Draft(t.Context(), w.owner, reason)
			w.refused(core.ErrInvalid, err)
		}
		state, err := w.console.OwnerState(t.Context(), w.owner)
		w.check(err)
		if state.Request != nil {
			t.Errorf("a request was made: %+v", state.Request)
		}
	})
}
