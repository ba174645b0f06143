package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/view"
)

// farEvery is the pace at which it is said how far a stream is.
const farEvery = 10 * time.Second

// backup is an owner's "backup": the whole archive goes to standard output while
// it is made, and what there is to say of it to standard error.
func (s *session) backup() *cobra.Command {
	cmd := s.leaf("backup > FILE", "backup", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		if s.env.Terminal {
			return s.misread("backup.terminal", s.withToken())
		}
		result, begun, err := s.send(cmd.Context())
		switch {
		case err != nil && begun:
			s.tell(view.StreamCut(s.env.Lang))
			return err
		case err != nil:
			return err
		}
		return s.streamed(result)
	})
	cmd.Long, cmd.Example = s.text("backup.long", nil), s.text("backup.example", s.withToken())
	return cmd
}

// send makes the backup and says meanwhile how far it is.
func (s *session) send(ctx context.Context) (result core.BackupResult, begun bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	told := make(chan struct{})
	result, err = s.console.StreamBackup(ctx, s.actor, s.Out, func(job core.JobInfo) {
		begun = true
		s.tell(view.StreamBegun(s.env.Lang))
		go func() {
			defer close(told)
			s.sayFar(ctx, job.ID)
		}()
	})
	cancel()
	if begun {
		<-told // two who speak at once could not be understood
	}
	return result, begun, err
}

// sayFar says now and then how far a backup is, until ctx or the backup ends. A
// panic in here must not end the server.
func (s *session) sayFar(ctx context.Context, job string) {
	defer func() {
		if r := recover(); r != nil && s.env.Incident != nil {
			s.env.Incident(errPanic(r))
		}
	}()
	watcher, err := s.console.Watch(ctx, s.actor, job)
	if err != nil {
		return // the end of the stream says why
	}
	defer watcher.Close()
	said := time.Duration(0)
	for {
		p, err := watcher.Next(ctx)
		if err != nil {
			return
		}
		if !p.Done && p.Elapsed-said >= farEvery {
			said = p.Elapsed
			s.tell(view.Progress(s.env.Lang, p))
		}
	}
}

// streamed says how complete the archive is that went out.
func (s *session) streamed(r core.BackupResult) error {
	for _, line := range view.Streamed(s.env.Lang, r) {
		s.tell(line)
	}
	if r.Verdict == core.VerdictNotComplete {
		return statusError(ExitIncomplete)
	}
	return nil
}

// cancel is an owner's "cancel": the backup that runs is stopped.
func (s *session) cancel() *cobra.Command {
	cmd := s.leaf("cancel", "cancel", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		if err := s.console.CancelBackup(cmd.Context(), s.actor); err != nil {
			return err
		}
		s.tell(s.text("cancel.done", nil))
		return nil
	})
	cmd.Example = s.text("cancel.example", s.withToken())
	return cmd
}

// withToken is the line with which an owner comes in who has a download token.
func (s *session) withToken() map[string]any {
	return map[string]any{"Line": view.SSH(s.actor.Name+"+TOKEN", s.env.Host, s.env.Port), "File": "FILE" + s.console.Extension()}
}
