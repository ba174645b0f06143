package wizard

import (
	"testing"
	"time"

	"breakglass/core"
)

// The map of the wizard: what is stored and what the session knows decide where
// the owner is.
func TestPlaceFollowsFromTheStoredState(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	request := func(state core.RequestState, change ...func(*core.RequestInfo)) *core.RequestInfo {
		r := &core.RequestInfo{State: state, Created: now.Add(-time.Hour)}
		for _, c := range change {
			c(r)
		}
		return r
	}
	proven := func(r *core.RequestInfo) { r.Proven = true }
	live := func(r *core.RequestInfo) { r.CodeLive = true }
	joins := func(r *core.RequestInfo) { r.Joins = true }
	holds := func(d time.Duration) func(*core.RequestInfo) {
		return func(r *core.RequestInfo) { r.Ready = now.Add(d) }
	}
	grant := func(state core.GrantState, proven bool) *core.GrantInfo {
		g := &core.GrantInfo{ID: "G-1", State: state, Proven: proven, Start: now.Add(-time.Hour)}
		if state != core.GrantActive {
			g.Ended = now.Add(-time.Minute)
		}
		return g
	}
	job := func(state core.JobState) *core.JobInfo { return &core.JobInfo{State: state, Archive: "a1"} }
	email := []core.ContactInfo{{ID: "c1"}}
	archives := []core.ArchiveInfo{{Name: "a1"}}
	open := grant(core.GrantActive, true)

	tests := []struct {
		name string
		s    core.OwnerState
		c    Choices
		want Place
	}{
		{"nothing yet", core.OwnerState{Contacts: email}, Choices{}, Welcome},
		{"went on", core.OwnerState{Contacts: email}, Choices{Asking: true}, Reason},
		{"went on with paper only", core.OwnerState{HasPaper: true}, Choices{Asking: true}, Reason},
		{"went on, but no code can come", core.OwnerState{}, Choices{Asking: true}, NoContact},
		{"a lock runs", core.OwnerState{LockedUntil: now.Add(time.Minute)}, Choices{Asking: true}, Locked},
		{"a lock is over", core.OwnerState{LockedUntil: now, Request: request(core.RequestLocked)}, Choices{}, Welcome},

		{"asked", core.OwnerState{Contacts: email, Request: request(core.RequestDrafted)}, Choices{}, Contacts},
		{"asked, all contacts went away", core.OwnerState{Request: request(core.RequestDrafted)}, Choices{}, NoContact},
		{"asked, paper in hand", core.OwnerState{HasPaper: true, Request: request(core.RequestDrafted)}, Choices{Paper: true}, Paper},
		{"paper never joins a grant", core.OwnerState{Contacts: email, HasPaper: true, Request: request(core.RequestDrafted, joins)}, Choices{Paper: true}, Contacts},
		{"code sent", core.OwnerState{Contacts: email, Request: request(core.RequestCodeSent, live)}, Choices{}, Code},
		{"code sent and dead", core.OwnerState{Contacts: email, Request: request(core.RequestCodeSent)}, Choices{}, Code},
		{"another way", core.OwnerState{Contacts: email, Request: request(core.RequestCodeSent, live)}, Choices{Choosing: true}, Contacts},
		{"holding", core.OwnerState{Request: request(core.RequestHolding, holds(time.Hour))}, Choices{}, Holding},
		{"hold over, this session proved", core.OwnerState{Request: request(core.RequestHolding, holds(0), proven)}, Choices{}, Ready},
		{"hold over, another session proved", core.OwnerState{Contacts: email, Request: request(core.RequestHolding, holds(0))}, Choices{}, Contacts},
		{"ready", core.OwnerState{Request: request(core.RequestReady, proven)}, Choices{}, Ready},
		{"ready, but not this session", core.OwnerState{Contacts: email, Request: request(core.RequestReady)}, Choices{}, Contacts},
		{"ready, not this session, its code out", core.OwnerState{Contacts: email, Request: request(core.RequestReady, live)}, Choices{}, Code},

		{"open", core.OwnerState{Grant: open}, Choices{}, Start},
		{"open, unproven", core.OwnerState{Grant: grant(core.GrantActive, false)}, Choices{}, Reprove},
		{"open, unproven, going on", core.OwnerState{Grant: grant(core.GrantActive, false), Contacts: email}, Choices{Asking: true}, Reason},
		{"open, unproven, asked", core.OwnerState{Grant: grant(core.GrantActive, false), Contacts: email, Request: request(core.RequestDrafted, joins)}, Choices{}, Contacts},
		{"open, unproven, backup runs", core.OwnerState{Grant: grant(core.GrantActive, false), Job: job(core.JobRunning)}, Choices{}, Reprove},
		{"running", core.OwnerState{Grant: open, Job: job(core.JobRunning)}, Choices{}, Progress},
		{"planned", core.OwnerState{Grant: open, Job: job(core.JobPlanned)}, Choices{Handover: true}, Progress},
		{"failed", core.OwnerState{Grant: open, Job: job(core.JobFailed)}, Choices{}, Failed},
		{"stopped", core.OwnerState{Grant: open, Job: job(core.JobCancelled)}, Choices{}, Start},
		{"sealed", core.OwnerState{Grant: open, Job: job(core.JobSealed), Archives: archives}, Choices{}, Download},
		{"sealed and removed since", core.OwnerState{Grant: open, Job: job(core.JobSealed)}, Choices{}, Start},
		{"fetched", core.OwnerState{Grant: open, Job: job(core.JobSealed), Archives: archives}, Choices{Handover: true}, Handover},
		{"an earlier archive", core.OwnerState{Grant: open, Archives: archives}, Choices{Archive: true}, Download},
		{"an earlier archive after a failure", core.OwnerState{Grant: open, Job: job(core.JobFailed), Archives: archives}, Choices{Archive: true}, Download},
		{"streamed", core.OwnerState{Grant: open, Job: job(core.JobStreamed)}, Choices{}, Start},
		{"streamed and kept", core.OwnerState{Grant: open, Job: job(core.JobStreamed)}, Choices{Handover: true}, Handover},

		{"closed", core.OwnerState{Grant: grant(core.GrantClosed, false), Request: request(core.RequestActivated)}, Choices{}, Closed},
		{"expired", core.OwnerState{Grant: grant(core.GrantExpired, false), Request: request(core.RequestActivated)}, Choices{}, Expired},
		{"revoked", core.OwnerState{Grant: grant(core.GrantRevoked, false), Request: request(core.RequestActivated)}, Choices{}, Revoked},
		{"closed, asking again", core.OwnerState{Grant: grant(core.GrantClosed, false), Contacts: email}, Choices{Asking: true}, Reason},
		{"closed, and a later request refused", core.OwnerState{
			Grant:   grant(core.GrantClosed, false),
			Request: request(core.RequestVetoed, func(r *core.RequestInfo) { r.Created = now }),
		}, Choices{}, Vetoed},
		{"vetoed", core.OwnerState{Request: request(core.RequestVetoed)}, Choices{}, Vetoed},
		{"lapsed", core.OwnerState{Request: request(core.RequestLapsed)}, Choices{}, Lapsed},
		{"cancelled", core.OwnerState{Request: request(core.RequestCancelled)}, Choices{}, Cancelled},
	}
	for _, test := range tests {
		if got := At(test.s, test.c, now); got != test.want {
			t.Errorf("%s: at %s, want %s", test.name, got, test.want)
		}
	}
}
