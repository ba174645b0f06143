package notify

import (
	"context"
	"time"

	"breakglass/core"
)

// Channel hands one message to one provider. Send returns soon after ctx ends
// and never tries twice by itself. Implementations are safe for concurrent use.
type Channel interface {
	Send(ctx context.Context, e Envelope) Answer
}

// Envelope is one message that is about to go out.
type Envelope struct {
	ID   string // the row's, unique; a provider may be told it
	Kind core.ContactKind
	To   string // as CheckAddress returned it
	Text Text
	Code bool          // it holds a code: of use for Life only, and to nobody else
	At   time.Time     // now, UTC
	Life time.Duration // how long from now the message is of any use; above 0

	// What the message tells of, for machines.
	Event                core.Event
	Site, Request, Grant string    // "" where it is about none
	Happened             time.Time // UTC
	Drill                bool      // nothing of it has happened
}

// Text is what a person reads. For an SMS the subject is empty. The body is a
// Secret because it may hold a code.
type Text struct {
	Subject string
	Body    core.Secret
}

// Answer is what became of one attempt.
type Answer struct {
	Verdict Verdict
	After   time.Duration // the provider's wish: not again before; 0: none
	Detail  string        // one line for the log that many read: no address, no code
	Err     error         // the error below, for the operator's log only
}

// Verdict sorts answers by what follows from them.
type Verdict int

// The verdicts. The zero value is the one that assumes least.
const (
	// Unreachable: nobody answered, or the provider broke. Tried again; several
	// in a row and the provider is left alone for a while.
	Unreachable Verdict = iota
	// Accepted: the provider took the message. That is not delivery.
	Accepted
	// Busy: the provider works and wants us to wait.
	Busy
	// Rejected: never for this recipient or this text.
	Rejected
	// Misconfigured: the provider refuses this console; no recipient is at fault.
	Misconfigured
)

// String names the verdict, for the operator's log.
func (v Verdict) String() string {
	return [...]string{"unreachable", "accepted", "busy", "rejected", "misconfigured"}[v]
}
