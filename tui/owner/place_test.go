package owner

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
		c    choices
		want place
	}{
		{"nothing yet", core.OwnerState{Contacts: email}, choices{}, atWelcome},
		{"went on", core.OwnerState{Contacts: email}, choices{asking: true}, atReason},
		{"went on with paper only", core.OwnerState{HasPaper: true}, choices{asking: true}, atReason},
		{"went on, but no code can come", core.OwnerState{}, choices{asking: true}, atNoContact},
		{"a lock runs", core.OwnerState{LockedUntil: now.Add(time.Minute)}, choices{asking: true}, atLocked},
		{"a lock is over", core.OwnerState{LockedUntil: now, Request: request(core.RequestLocked)}, choices{}, atWelcome},

		{"asked", core.OwnerState{Contacts: email, Request: request(core.RequestDrafted)}, choices{}, atContacts},
		{"asked, all contacts went away", core.OwnerState{Request: request(core.RequestDrafted)}, choices{}, atNoContact},
		{"asked, paper in hand", core.OwnerState{HasPaper: true, Request: request(core.RequestDrafted)}, choices{paper: true}, atPaper},
		{"paper never joins a grant", core.OwnerState{Contacts: email, HasPaper: true, Request: request(core.RequestDrafted, joins)}, choices{paper: true}, atContacts},
		{"code sent", core.OwnerState{Contacts: email, Request: request(core.RequestCodeSent, live)}, choices{}, atCode},
		{"code sent and dead", core.OwnerState{Contacts: email, Request: request(core.RequestCodeSent)}, choices{}, atCode},
		{"another way", core.OwnerState{Contacts: email, Request: request(core.RequestCodeSent, live)}, choices{choosing: true}, atContacts},
		{"holding", core.OwnerState{Request: request(core.RequestHolding, holds(time.Hour))}, choices{}, atHolding},
		{"hold over, this session proved", core.OwnerState{Request: request(core.RequestHolding, holds(0), proven)}, choices{}, atReady},
		{"hold over, another session proved", core.OwnerState{Contacts: email, Request: request(core.RequestHolding, holds(0))}, choices{}, atContacts},
		{"ready", core.OwnerState{Request: request(core.RequestReady, proven)}, choices{}, atReady},
		{"ready, but not this session", core.OwnerState{Contacts: email, Request: request(core.RequestReady)}, choices{}, atContacts},
		{"ready, not this session, its code out", core.OwnerState{Contacts: email, Request: request(core.RequestReady, live)}, choices{}, atCode},

		{"open", core.OwnerState{Grant: open}, choices{}, atStart},
		{"open, unproven", core.OwnerState{Grant: grant(core.GrantActive, false)}, choices{}, atReprove},
		{"open, unproven, going on", core.OwnerState{Grant: grant(core.GrantActive, false), Contacts: email}, choices{asking: true}, atReason},
		{"open, unproven, asked", core.OwnerState{Grant: grant(core.GrantActive, false), Contacts: email, Request: request(core.RequestDrafted, joins)}, choices{}, atContacts},
		{"open, unproven, backup runs", core.OwnerState{Grant: grant(core.GrantActive, false), Job: job(core.JobRunning)}, choices{}, atReprove},
		{"running", core.OwnerState{Grant: open, Job: job(core.JobRunning)}, choices{}, atProgress},
		{"planned", core.OwnerState{Grant: open, Job: job(core.JobPlanned)}, choices{handover: true}, atProgress},
		{"failed", core.OwnerState{Grant: open, Job: job(core.JobFailed)}, choices{}, atFailed},
		{"stopped", core.OwnerState{Grant: open, Job: job(core.JobCancelled)}, choices{}, atStart},
		{"sealed", core.OwnerState{Grant: open, Job: job(core.JobSealed), Archives: archives}, choices{}, atDownload},
		{"sealed and removed since", core.OwnerState{Grant: open, Job: job(core.JobSealed)}, choices{}, atStart},
		{"fetched", core.OwnerState{Grant: open, Job: job(core.JobSealed), Archives: archives}, choices{handover: true}, atHandover},
		{"an earlier archive", core.OwnerState{Grant: open, Archives: archives}, choices{archive: true}, atDownload},
		{"an earlier archive after a failure", core.OwnerState{Grant: open, Job: job(core.JobFailed), Archives: archives}, choices{archive: true}, atDownload},
		{"streamed", core.OwnerState{Grant: open, Job: job(core.JobStreamed)}, choices{}, atStart},
		{"streamed and kept", core.OwnerState{Grant: open, Job: job(core.JobStreamed)}, choices{handover: true}, atHandover},

		{"closed", core.OwnerState{Grant: grant(core.GrantClosed, false), Request: request(core.RequestActivated)}, choices{}, atClosed},
		{"expired", core.OwnerState{Grant: grant(core.GrantExpired, false), Request: request(core.RequestActivated)}, choices{}, atExpired},
		{"revoked", core.OwnerState{Grant: grant(core.GrantRevoked, false), Request: request(core.RequestActivated)}, choices{}, atRevoked},
		{"closed, asking again", core.OwnerState{Grant: grant(core.GrantClosed, false), Contacts: email}, choices{asking: true}, atReason},
		{"closed, and a later request refused", core.OwnerState{
			Grant:   grant(core.GrantClosed, false),
			Request: request(core.RequestVetoed, func(r *core.RequestInfo) { r.Created = now }),
		}, choices{}, atVetoed},
		{"vetoed", core.OwnerState{Request: request(core.RequestVetoed)}, choices{}, atVetoed},
		{"lapsed", core.OwnerState{Request: request(core.RequestLapsed)}, choices{}, atLapsed},
		{"cancelled", core.OwnerState{Request: request(core.RequestCancelled)}, choices{}, atCancelled},
	}
	for _, test := range tests {
		if got := placeOf(test.s, test.c, now); got != test.want {
			t.Errorf("%s: at %s, want %s", test.name, got, test.want)
		}
	}
}
