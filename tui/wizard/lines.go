package wizard

import (
	"fmt"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/core/words"
)

// Lines are the commands that an owner copies. They hold the download token:
// they are shown in the session that proved it and nowhere else.
type Lines struct {
	Back      string // comes back without a second code
	SFTP, SCP string // fetch the archive at hand; "" where there is none
	Archive   core.ArchiveInfo

	Stream  string // sends a backup straight to the owner's computer,
	Windows string // and the same where > is PowerShell's
	File    string // the file that both write
}

// LinesOf makes the commands of a session.
func LinesOf(s core.OwnerState, c Choices, token core.Secret) Lines {
	user, host := safetext.Line(s.Site)+"+"+token.Reveal(), safetext.Line(s.Host)
	l := Lines{Back: view.SSH(user, host, s.Port), File: safetext.Line(s.Site) + safetext.Line(s.Extension)}
	l.Stream = l.Back + " backup > " + l.File
	l.Windows = `cmd /c "` + l.Stream + `"`
	archive, ok := ArchiveOf(s, c)
	if !ok {
		return l
	}
	port := ""
	if s.Port != 0 && s.Port != 22 {
		port = fmt.Sprintf("-P %d ", s.Port)
	}
	where := user + "@" + host + ":" + safetext.Path(archive.Name) + " ."
	l.Archive, l.SFTP, l.SCP = archive, "sftp "+port+where, "scp "+port+where
	return l
}

// Whom is whom an owner calls who is stuck. Where the manager named nobody a screen must
// still not end in "call" and nothing behind it.
func Whom(s core.OwnerState) string {
	if s.Call != "" {
		return s.Call
	}
	return words.Text(s.Lang, "owner.call.anybody", nil)
}

// TooFull reports whether the server's disk is too full to keep a backup, by
// what was found of the site, if anything was, or by how the last one ended.
func TooFull(s core.OwnerState, found *core.Preflight) bool {
	return found != nil && !found.Fits() || s.Job != nil && s.Job.State == core.JobFailed && s.Job.Full
}

// Streamed is the grant's backup, where it went straight to the owner's
// computer, past the vault; else nil.
func Streamed(s core.OwnerState) *core.JobInfo {
	if s.Job != nil && s.Job.State == core.JobStreamed {
		return s.Job
	}
	return nil
}

// Fetched reports whether the whole of an archive was seen going to the owner.
func Fetched(a core.ArchiveInfo) bool { return !a.Whole.IsZero() || a.Size > 0 && a.Sent >= a.Size }

// Unfetched reports whether the owner may be about to close access without having the
// backup: nobody saw the whole of it leave.
func Unfetched(s core.OwnerState, l Lines) bool { return Streamed(s) == nil && !Fetched(l.Archive) }

// usualRate is a cautious guess at how fast a site is read, in bytes a second.
// Before the start only the order of magnitude is told.
const usualRate = 15e6

// Guess says in plain words how long a backup of that many bytes may take.
func Guess(lang string, bytes int64) string {
	id := "owner.guess.hours"
	switch minutes := float64(bytes) / usualRate / 60; {
	case minutes < 1:
		id = "owner.guess.minute"
	case minutes < 10:
		id = "owner.guess.minutes"
	case minutes < 45:
		id = "owner.guess.half"
	case minutes < 120:
		id = "owner.guess.hour"
	}
	return words.Text(lang, id, nil)
}
