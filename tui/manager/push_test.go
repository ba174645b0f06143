package manager_test

import (
	"testing"
	"testing/synctest"
	"time"

	"breakglass/core"
	"breakglass/tui/tuitest"
)

// How the pushing of the log stands is said over the log; that it fails, over
// each list. A manager of some sites, who may not know it, sees their lists.
func TestThePushIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := world()
		c.push = core.PushInfo{Target: "tcp://127.0.0.1:601", Behind: 3}
		in(t, c, tuitest.Looks()[0], func(s *show) {
			s.HasNot("601")
			s.Press("3")
			s.Has("The log is pushed to tcp://127.0.0.1:601: 0 lines are there, 3 are on their")
			c.push.Failing, c.push.Problem = start, "nobody listens"
			s.Wait(6 * time.Second)
			for _, pane := range []string{"1", "2", "3"} {
				s.Press(pane)
				s.Has("! The log does not reach tcp://127.0.0.1:601 since 2000-01-01 00:00 UTC:")
				s.Has("listens. 3 lines are missing there")
			}
			c.push, c.pushErr = core.PushInfo{}, core.Refuse(core.ErrDenied, "That is for managers of all sites.")
			s.Press("1")
			s.Wait(6 * time.Second)
			s.Has("acme")
			s.HasNot("601")
			if len(s.Problems) > 0 {
				t.Errorf("%q", s.Problems)
			}
		})
	})
}
