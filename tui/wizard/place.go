package wizard

import (
	"time"

	"breakglass/core"
)

// Place is a page of the wizard. Its name is that of its texts in the catalogue.
type Place string

// The pages, in the order in which an owner meets them; then the ends.
const (
	Loading   Place = "loading"
	Welcome   Place = "welcome"
	Reprove   Place = "reprove" // access is open, but not to this session
	Reason    Place = "reason"
	Contacts  Place = "contacts" // where the code goes
	Code      Place = "code"
	Paper     Place = "paper"
	Holding   Place = "holding"
	Ready     Place = "ready" // the code is right; access is not open yet
	Start     Place = "start" // access is open; what is there to back up
	Progress  Place = "progress"
	Failed    Place = "failed"
	Download  Place = "download"
	Handover  Place = "handover"
	Closed    Place = "closed"
	Expired   Place = "expired"
	Revoked   Place = "revoked"
	Locked    Place = "locked"
	Vetoed    Place = "vetoed"
	Lapsed    Place = "lapsed"
	Cancelled Place = "cancelled"
	NoContact Place = "nocontact"
	Gone      Place = "gone" // the site was taken off the console
)

// Choices is what a session knows beside the stored state: on which of two
// neighbouring pages the person is.
type Choices struct {
	Asking   bool // went on from a welcome or an end to the reason
	Choosing bool // went back from the code to where it goes
	Paper    bool // has the paper code in hand
	Archive  bool // went on to an archive that was there before
	Handover bool // went on from the download
}

// At says where an owner is. It is the whole map of the wizard.
func At(s core.OwnerState, c Choices, now time.Time) Place {
	grant := s.Grant
	live := grant != nil && grant.State == core.GrantActive
	open := s.Request != nil && s.Request.State.Open()
	switch {
	case live && grant.Proven:
		return inGrant(s, c)
	case open:
		return inRequest(s, c, now)
	case s.LockedUntil.After(now):
		return Locked
	case c.Asking && len(s.Contacts) == 0 && !s.HasPaper:
		return NoContact
	case c.Asking:
		return Reason
	case live:
		return Reprove
	default:
		return atEnd(s)
	}
}

// ComesBack reports whether access is open already, to other connections: who is
// asked for a reason then must not think that all begins anew.
func ComesBack(s core.OwnerState) bool {
	return s.Grant != nil && s.Grant.State == core.GrantActive
}

// inGrant is the way from opened access to closing it.
func inGrant(s core.OwnerState, c Choices) Place {
	switch job := s.Job; {
	case job != nil && job.State.Open():
		return Progress
	case c.Archive || (job != nil && job.State == core.JobSealed):
		if _, ok := ArchiveOf(s, c); !ok {
			return Start
		}
		if c.Handover {
			return Handover
		}
		return Download
	case job != nil && job.State == core.JobStreamed && c.Handover:
		return Handover
	case job != nil && job.State == core.JobFailed:
		return Failed
	default:
		return Start
	}
}

// ArchiveOf is the archive that the download page is about: the grant's own, or
// the newest one where the person wants what was there before.
func ArchiveOf(s core.OwnerState, c Choices) (core.ArchiveInfo, bool) {
	if s.Job != nil && s.Job.State == core.JobSealed {
		for _, a := range s.Archives {
			if a.Name == s.Job.Archive {
				return a, true
			}
		}
	}
	if c.Archive && len(s.Archives) > 0 {
		return s.Archives[0], true
	}
	return core.ArchiveInfo{}, false
}

// inRequest is the way from the reason to the activation.
func inRequest(s core.OwnerState, c Choices, now time.Time) Place {
	r := s.Request
	switch {
	case r.State == core.RequestHolding && r.Ready.After(now):
		return Holding
	case Entered(*r) && r.Proven:
		return Ready
	case c.Paper && PaperWorks(s):
		return Paper
	case len(s.Contacts) == 0 && !PaperWorks(s):
		return NoContact
	case c.Choosing:
		return Contacts
	case r.State == core.RequestCodeSent || r.CodeLive:
		return Code
	default:
		return Contacts
	}
}

// Entered reports whether somebody entered the request's code already.
func Entered(r core.RequestInfo) bool {
	return r.State == core.RequestVerified || r.State == core.RequestHolding || r.State == core.RequestReady
}

// PaperWorks reports whether the paper code can be entered for the open
// request: it opens new ones only.
func PaperWorks(s core.OwnerState) bool {
	r := s.Request
	return s.HasPaper && !r.Joins && (r.State == core.RequestDrafted || r.State == core.RequestCodeSent)
}

// atEnd is where an owner is who has nothing open: at the end of what was open
// last, or at the beginning.
func atEnd(s core.OwnerState) Place {
	if g := s.Grant; g != nil && (s.Request == nil || !s.Request.Created.After(g.Ended)) {
		return EndOf(g.State)
	}
	if s.Request == nil {
		return Welcome
	}
	switch s.Request.State {
	case core.RequestVetoed:
		return Vetoed
	case core.RequestLapsed:
		return Lapsed
	case core.RequestCancelled:
		return Cancelled
	default: // a lock that is over, or an access that is older than we tell of
		return Welcome
	}
}

// EndOf is the page of an access that has ended.
func EndOf(state core.GrantState) Place {
	switch state {
	case core.GrantClosed:
		return Closed
	case core.GrantRevoked:
		return Revoked
	default:
		return Expired
	}
}
