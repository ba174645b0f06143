package plain

import (
	"breakglass/core"
)

// place is a page of the wizard. The names are those of the wizard's pages in
// the catalogue.
type place string

// The pages, in the order in which an owner meets them; then the ends.
const (
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

// place says where the person is. It is the whole map of the line mode.
func (s *session) place() place {
	grant := s.state.Grant
	live := grant != nil && grant.State == core.GrantActive
	switch {
	case live && grant.Proven:
		return s.inGrant()
	case s.state.Request != nil && s.state.Request.State.Open():
		return s.inRequest(*s.state.Request)
	case s.state.LockedUntil.After(s.state.Now):
		return atLocked
	case s.asking && len(s.state.Contacts) == 0 && !s.state.HasPaper:
		return atNoContact
	case s.asking:
		return atReason
	case live:
		return atReprove
	default:
		return s.atEnd()
	}
}

// inRequest is the way from the reason to the activation.
func (s *session) inRequest(r core.RequestInfo) place {
	switch {
	case r.State == core.RequestHolding && r.Ready.After(s.state.Now):
		return atHolding
	case entered(r) && r.Proven:
		return atReady
	case s.paper && s.paperWorks(r):
		return atPaper
	case len(s.state.Contacts) == 0 && !s.paperWorks(r):
		return atNoContact
	case !s.choosing && (r.State == core.RequestCodeSent || r.CodeLive):
		return atCode
	default:
		return atContacts
	}
}

// entered reports whether somebody entered the request's code already.
func entered(r core.RequestInfo) bool {
	return r.State == core.RequestVerified || r.State == core.RequestHolding || r.State == core.RequestReady
}

// paperWorks reports whether the paper code can be entered for a request: it
// opens new ones only.
func (s *session) paperWorks(r core.RequestInfo) bool {
	return s.state.HasPaper && !r.Joins && (r.State == core.RequestDrafted || r.State == core.RequestCodeSent)
}

// inGrant is the way from opened access to closing it.
func (s *session) inGrant() place {
	job := s.state.Job
	_, there := s.archiveAt()
	switch {
	case job != nil && job.State.Open():
		return atProgress
	case there && s.handover:
		return atHandover
	case there:
		return atDownload
	case job != nil && job.State == core.JobFailed:
		return atFailed
	default:
		return atStart
	}
}

// archiveAt is the archive that the download page is about: the grant's own, or
// the newest one where the person wants what was there before.
func (s *session) archiveAt() (core.ArchiveInfo, bool) {
	if job := s.state.Job; job != nil && job.State == core.JobSealed {
		for _, a := range s.state.Archives {
			if a.Name == job.Archive {
				return a, true
			}
		}
	}
	if s.archive && len(s.state.Archives) > 0 {
		return s.state.Archives[0], true
	}
	return core.ArchiveInfo{}, false
}

// atEnd is where somebody is who has nothing open: at the end of what was open
// last, or at the beginning.
func (s *session) atEnd() place {
	request := s.state.Request
	if g := s.state.Grant; g != nil && (request == nil || !request.Created.After(g.Ended)) {
		return endOf(g.State)
	}
	if request == nil {
		return atWelcome
	}
	switch request.State {
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

func endOf(state core.GrantState) place {
	switch state {
	case core.GrantClosed:
		return atClosed
	case core.GrantRevoked:
		return atRevoked
	default:
		return atExpired
	}
}
