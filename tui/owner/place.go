package owner

import (
	"time"

	"breakglass/core"
)

// place is a page of the wizard.
type place string

// The pages, in the order in which an owner meets them; then the ends.
const (
	atLoading   place = "loading"
	atWelcome   place = "welcome"
	atReprove   place = "reprove" // access is open, but not to this session
	atReason    place = "reason"
	atContacts  place = "contacts" // where the code goes
	atCode      place = "code"
	atPaper     place = "paper"
	atHolding   place = "holding"
	atReady     place = "ready" // the code is right; access is not open yet
	atStart     place = "start" // access is open; what is there to back up
	atProgress  place = "progress"
	atFailed    place = "failed"
	atDownload  place = "download"
	atHandover  place = "handover"
	atClosed    place = "closed"
	atExpired   place = "expired"
	atRevoked   place = "revoked"
	atLocked    place = "locked"
	atVetoed    place = "vetoed"
	atLapsed    place = "lapsed"
	atCancelled place = "cancelled"
	atNoContact place = "nocontact"
	atGone      place = "gone" // the site was taken off the console
)

// choices is what this session knows beside the stored state: on which of two
// neighbouring pages the person is.
type choices struct {
	asking   bool // went on from a welcome or an end to the reason
	choosing bool // went back from the code to where it goes
	paper    bool // has the paper code in hand
	archive  bool // went on to an archive that was there before
	handover bool // went on from the download
}

// placeOf says where the owner is. It is the whole map of the wizard.
func placeOf(s core.OwnerState, c choices, now time.Time) place {
	grant := s.Grant
	live := grant != nil && grant.State == core.GrantActive
	open := s.Request != nil && s.Request.State.Open()
	switch {
	case live && grant.Proven:
		return inGrant(s, c)
	case open:
		return inRequest(s, c, now)
	case s.LockedUntil.After(now):
		return atLocked
	case c.asking && len(s.Contacts) == 0 && !s.HasPaper:
		return atNoContact
	case c.asking:
		return atReason
	case live:
		return atReprove
	default:
		return atEnd(s)
	}
}

// inGrant is the way from opened access to closing it.
func inGrant(s core.OwnerState, c choices) place {
	switch job := s.Job; {
	case job != nil && job.State.Open():
		return atProgress
	case c.archive || (job != nil && job.State == core.JobSealed):
		if _, ok := archiveOf(s, c); !ok {
			return atStart
		}
		if c.handover {
			return atHandover
		}
		return atDownload
	case job != nil && job.State == core.JobStreamed && c.handover:
		return atHandover
	case job != nil && job.State == core.JobFailed:
		return atFailed
	default:
		return atStart
	}
}

// archiveOf is the archive that the download page is about: the grant's own, or
// the newest one where the person wants what was there before.
func archiveOf(s core.OwnerState, c choices) (core.ArchiveInfo, bool) {
	if s.Job != nil && s.Job.State == core.JobSealed {
		for _, a := range s.Archives {
			if a.Name == s.Job.Archive {
				return a, true
			}
		}
	}
	if c.archive && len(s.Archives) > 0 {
		return s.Archives[0], true
	}
	return core.ArchiveInfo{}, false
}

// inRequest is the way from the reason to the activation.
func inRequest(s core.OwnerState, c choices, now time.Time) place {
	r := s.Request
	entered := r.State == core.RequestVerified || r.State == core.RequestHolding || r.State == core.RequestReady
	switch {
	case entered && r.State == core.RequestHolding && r.Ready.After(now):
		return atHolding
	case entered && r.Proven:
		return atReady
	case c.paper && paperWorks(s):
		return atPaper
	case len(s.Contacts) == 0 && !paperWorks(s):
		return atNoContact
	case c.choosing:
		return atContacts
	case r.State == core.RequestCodeSent || r.CodeLive:
		return atCode
	default:
		return atContacts
	}
}

// paperWorks reports whether the paper code can be entered for the open
// request: it opens new ones only.
func paperWorks(s core.OwnerState) bool {
	r := s.Request
	return s.HasPaper && !r.Joins && (r.State == core.RequestDrafted || r.State == core.RequestCodeSent)
}

// atEnd is where an owner is who has nothing open: at the end of what was open
// last, or at the beginning.
func atEnd(s core.OwnerState) place {
	if g := s.Grant; g != nil && (s.Request == nil || !s.Request.Created.After(g.Ended)) {
		switch g.State {
		case core.GrantClosed:
			return atClosed
		case core.GrantRevoked:
			return atRevoked
		default:
			return atExpired
		}
	}
	if s.Request == nil {
		return atWelcome
	}
	switch s.Request.State {
	case core.RequestVetoed:
		return atVetoed
	case core.RequestLapsed:
		return atLapsed
	case core.RequestCancelled:
		return atCancelled
	default: // a lock that is over, or an access that is older than we tell of
		return atWelcome
	}
}
