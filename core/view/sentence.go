package view

import (
	"context"
	"errors"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// refusals says how each sentinel reads to an owner: the message of the
// catalogue, and whether the refusal's own detail may follow it. Details of
// logins, codes and denials stay back: the catalogue's sentence says the same
// to a guesser and to the owner.
var refusals = []struct {
	kind   error
	id     string
	detail bool
}{
	{core.ErrWrongCode, "error.wrong_code", false},
	{core.ErrCodeDead, "error.code_dead", false},
	{core.ErrLocked, "error.locked", false},
	{core.ErrNoContact, "error.no_contact", false},
	{core.ErrExpired, "error.expired", false},
	{core.ErrRevoked, "error.revoked", true},
	{core.ErrClosed, "error.closed", false},
	{core.ErrNeedsProof, "error.needs_proof", false},
	{core.ErrDenied, "error.denied", false},
	{core.ErrBadLogin, "error.bad_login", false},
	{core.ErrNotFound, "error.not_found", true},
	{core.ErrExists, "error.exists", true},
	{core.ErrConflict, "error.conflict", false},
	{core.ErrBusy, "error.busy", true},
	{core.ErrNoSpace, "error.no_space", true},
	{core.ErrSite, "error.site", true},
	{core.ErrDatabase, "error.database", true},
	{core.ErrCancelled, "error.cancelled", false},
	{core.ErrInvalid, "error.invalid", true},
	{core.ErrState, "error.state", true},
	{context.DeadlineExceeded, "view.error.timeout", false},
	{context.Canceled, "error.cancelled", false},
}

// Sentence says to an owner, in their language, what happened and what to do.
// The moment at which a lock ends is in UTC: a screen that knows the site's
// zone shows it from [core.OwnerState]. Errors that are no refusal read as a
// fault of the console and tell nothing of their inside. A nil error is "".
func Sentence(lang string, err error) string {
	if err == nil {
		return ""
	}
	var refusal *core.Refusal
	if !errors.As(err, &refusal) {
		refusal = &core.Refusal{}
	}
	for _, r := range refusals {
		if !errors.Is(err, r.kind) {
			continue
		}
		id := r.id
		if errors.Is(r.kind, core.ErrLocked) && refusal.Until.IsZero() {
			id = "view.error.locked_briefly"
		}
		text := words.Text(lang, id, map[string]any{"Left": refusal.Left, "Until": Time(refusal.Until, "")})
		if detail := detail(lang, refusal); r.detail && detail != "" {
			text += " " + detail
		}
		return text
	}
	return words.Text(lang, "view.error.internal", nil)
}

// Detail says to a manager or an auditor what happened and what to do: the
// refusal's own sentence where there is one, else as [Sentence].
func Detail(lang string, err error) string {
	var refusal *core.Refusal
	if errors.As(err, &refusal) && refusal.Detail != "" {
		return detail(lang, refusal)
	}
	return Sentence(lang, err)
}

// detail is a refusal's own sentence.
func detail(lang string, r *core.Refusal) string {
	if r.Said.IsZero() {
		return safetext.Note(r.Detail)
	}
	return Said(lang, r.Said)
}

// Said is a sentence of core's in a language, made safe and as long as a note may
// be, for what to do stands at its end; English where the catalogue lacks it.
func Said(lang string, s core.Said) string {
	return safetext.Note(s.In(func(english string) string { return words.Translated(lang, english) }))
}

// verdicts names the texts of the verdicts.
var verdicts = map[core.Verdict]string{core.VerdictComplete: "complete", core.VerdictNotes: "notes", core.VerdictNotComplete: "incomplete"}

// Verdict is a verdict in a language; one that is not known is left as it is.
func Verdict(lang string, v core.Verdict) string {
	if verdicts[v] == "" {
		return cell(string(v))
	}
	return words.Text(lang, "archive.verdict."+verdicts[v], nil)
}

// Problem says why a backup failed; "" where it did not.
func Problem(lang string, j core.JobInfo) string {
	if j.Said.IsZero() {
		return safetext.Note(j.Problem)
	}
	return Said(lang, j.Said)
}

// Refused reports whether an error is an answer of the rules, or of a context
// that ended, rather than a fault inside the console that somebody must see.
func Refused(err error) bool {
	for _, r := range refusals {
		if errors.Is(err, r.kind) {
			return true
		}
	}
	return false
}
