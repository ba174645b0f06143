package sshserver

import (
	"crypto/rand"
	"fmt"
	"runtime/debug"

	"breakglass/core/view"
)

// incident logs a fault of ours under an ID that the person can quote.
func (s *Server) incident(where string, cause any) string {
	id := rand.Text()[:8]
	s.options.Log.Error("incident", "incident", id, "where", where, "cause", fmt.Sprint(cause))
	return id
}

// contain is deferred in every callback and goroutine of ours: a panic there
// would end the process. It logs the incident and calls then, if not nil, with
// its ID.
func (s *Server) contain(where string, then func(id string)) {
	r := recover()
	if r == nil {
		return
	}
	id := s.incident(where, fmt.Sprintf("panic: %v\n%s", r, debug.Stack()))
	if then != nil {
		then(id)
	}
}

// report logs an error that is not an answer of the rules.
func (s *Server) report(where string, err error) {
	if err != nil && !view.Refused(err) {
		s.options.Log.Error(where, "err", err)
	}
}
