package auditor_test

import (
	"testing"
	"time"

	"breakglass/core"
	"breakglass/tui/tuitest"
)

// How the pushing of the log stands is on the page of checks; that it fails, and
// why, stands over each page until it works again.
func TestThePushIsSeen(t *testing.T) {
	b := newBook(t, bookEvents...)
	b.push = core.PushInfo{Target: "tls://logs.example:6514", Sent: 1200, At: bookStart}
	on(t, b, look(), func(s *tuitest.Show) {
		s.HasNot("logs.example")
		s.Press("v", "end")
		s.Has("The log is pushed to tls://logs.example:6514: all 1,200 lines are there")
		b.push.Sent, b.push.Behind = 1100, 100
		s.Wait(refresh)
		s.Has("1,100 lines")
		b.push.Failing, b.push.Problem = bookStart.Add(time.Hour), "nobody listens at the\x1b[2J collector's address"
		s.Wait(refresh)
		for _, keys := range []string{"v", "esc", "enter", "e"} {
			s.Press(keys)
			s.Has("! The log does not reach tls://logs.example:6514 since 2026-11-24 15:02 UTC:")
			s.Has("nobody listens at the[2J collector's address. 100 lines are missing there")
		}
		b.push = core.PushInfo{}
		s.Wait(refresh)
		s.HasNot("logs.example")
	})
}
