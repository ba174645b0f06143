package core

import (
	"errors"
	"fmt"
	"time"
)

// The sentinels that a caller may test for with errors.Is. Every error that a
// Console returns for bad input wraps exactly one of them in a [Refusal].
var (
	ErrNotFound   = errors.New("not found")
	ErrExists     = errors.New("exists already")
	ErrConflict   = errors.New("changed by somebody else meanwhile")
	ErrDenied     = errors.New("not allowed")
	ErrBadLogin   = errors.New("login refused")
	ErrInvalid    = errors.New("not valid")
	ErrState      = errors.New("not possible now")
	ErrWrongCode  = errors.New("wrong code")
	ErrCodeDead   = errors.New("code no longer valid")
	ErrLocked     = errors.New("locked")
	ErrNoContact  = errors.New("no contact")
	ErrExpired    = errors.New("access has expired")
	ErrRevoked    = errors.New("access was revoked")
	ErrClosed     = errors.New("access was closed")
	ErrNeedsProof = errors.New("this session has not proved a code")
	ErrBusy       = errors.New("in use")
	ErrNoSpace    = errors.New("no space left")
	ErrSite       = errors.New("the site cannot be read")
	ErrDatabase   = errors.New("the database cannot be dumped")
	ErrCancelled  = errors.New("cancelled")
)

// Refusal is an error with what a person needs to go on: what happened and
// what to do. It wraps one sentinel of this package. Screens translate it by
// its sentinel and fields; Error is the plain English of it.
type Refusal struct {
	Kind   error     // one of the sentinels
	Detail string    // what happened and what to do, one sentence, safe to show
	Said   Said      // Detail as it was made, for readers of other languages
	Until  time.Time // for ErrLocked: when it ends by itself
	Left   int       // for ErrWrongCode: tries left on this code
	Cause  error     // the error below, if any; never shown to an owner
}

// Error returns the sentence.
func (r *Refusal) Error() string {
	if r.Detail != "" {
		return r.Detail
	}
	return r.Kind.Error()
}

// Unwrap gives errors.Is both the sentinel and the cause.
func (r *Refusal) Unwrap() []error {
	if r.Cause == nil {
		return []error{r.Kind}
	}
	return []error{r.Kind, r.Cause}
}

// Refuse returns a Refusal of the given kind whose sentence is built as by
// fmt.Sprintf.
func Refuse(kind error, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Detail: fmt.Sprintf(format, args...), Said: Say(format, args...)}
}

// Because returns r with the error below it, which no owner is shown.
func (r *Refusal) Because(cause error) *Refusal {
	why := *r
	why.Cause = cause
	return &why
}

// refusalOf returns the refusal in an error.
func refusalOf(err error) (*Refusal, bool) {
	var refusal *Refusal
	ok := errors.As(err, &refusal)
	return refusal, ok
}
