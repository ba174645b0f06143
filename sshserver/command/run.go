package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
)

// The exit statuses.
const (
	ExitDone       = 0
	ExitRefused    = 1
	ExitUsage      = 2
	ExitIncomplete = 3 // a backup that says NOT COMPLETE
)

// statusError ends a command with a status of its own; all was said already.
type statusError int

// Error implements error.
func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// errPanic makes an error of what was recovered.
func errPanic(r any) error { return fmt.Errorf("panic: %v\n%s", r, debug.Stack()) }

// Streams are the session's input and its two outputs.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Env is what a session knows of its surroundings.
type Env struct {
	Lang string // of all texts; "" is "en"
	Host string // the console's public name, for lines to type
	Port int    // its port; 0 and 22 are not shown
	// Terminal: the client asked for one, so that bytes would not arrive as
	// they are.
	Terminal bool
	// Now is the time by which "today" and "-3d" are meant.
	Now func() time.Time
	// Plain runs line mode on the session; nil where there is none.
	Plain func(context.Context) error
	// Incident logs a fault inside the console and returns an ID to quote; nil
	// where there is none to tell.
	Incident func(error) string
}

// Run carries out one command line, already split into words, for an actor and
// returns the exit status. Input is read only by commands that say so. It
// returns soon after ctx ends, but a Read of In that hangs may outlive it until
// In is closed.
func Run(ctx context.Context, console Console, actor core.Actor, args []string, streams Streams, env Env) int {
	s := &session{console: console, actor: actor, Streams: streams, env: env}
	root := s.tree()
	err := s.understand(root, args)
	if err == nil {
		root.SetArgs(append([]string{}, args...)) // never nil: cobra would take the process's own
		err = root.ExecuteContext(ctx)
	}
	return s.exit(err)
}

// session is one command line of one person.
type session struct {
	Streams
	console Console
	actor   core.Actor
	env     Env
	json    bool
}

// tree builds the commands of the actor's role.
func (s *session) tree() *cobra.Command {
	root := &cobra.Command{
		Use:               "breakglass",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return s.help(cmd) },
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetFlagErrorFunc(s.flagError)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { _ = s.help(cmd) }) // a client that went away
	help := s.helpCommand(root)
	root.SetHelpCommand(help) // in place of cobra's own
	root.AddCommand(help)
	switch s.actor.Role {
	case core.RoleManager:
		root.AddCommand(s.sites(), s.contacts(), s.owners(), s.kit(), s.requests(), s.grants(), s.people(), s.channels(), s.drill(), s.rehearse(), s.log())
	case core.RoleAuditor:
		root.AddCommand(s.log())
	case core.RoleOwner:
		root.AddCommand(s.status(), s.backup(), s.cancel())
	}
	if s.env.Plain != nil {
		root.AddCommand(s.plain())
	}
	return root
}

// exit tells the person what went wrong, if anything, and returns the status.
func (s *session) exit(err error) int {
	var misread *usageError
	var status statusError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &misread):
		s.tell(misread.sentence)
		return ExitUsage
	}
	sentence := view.Detail(s.env.Lang, err)
	if s.actor.Role == core.RoleOwner {
		sentence = view.Sentence(s.env.Lang, err)
	}
	if !view.Refused(err) && s.env.Incident != nil {
		sentence += " " + s.text("incident", map[string]any{"ID": s.env.Incident(err)})
	}
	s.tell(sentence)
	return ExitRefused
}

// text looks up "command.<id>"; every text may name the line that the person
// typed to get here as {{.Me}}.
func (s *session) text(id string, data map[string]any) string {
	all := map[string]any{"Me": view.SSH(s.actor.Name, s.env.Host, s.env.Port)}
	for name, value := range data {
		all[name] = value
	}
	return words.Text(s.env.Lang, "command."+id, all)
}

// print writes a result.
func (s *session) print(text string) error {
	if _, err := io.WriteString(s.Out, text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// tell writes a hint or a refusal beside the results. A client that is gone
// cannot be told.
func (s *session) tell(sentence string) { _, _ = io.WriteString(s.Err, sentence+"\n") }

// list writes a table, or its JSON form, or says what to do where it is empty.
func (s *session) list(t view.Table, form any, empty string) error {
	switch {
	case s.json:
		return view.WriteJSON(s.Out, form)
	case len(t.Rows) == 0:
		s.tell(s.text(empty, nil))
		return nil
	default:
		return s.print(t.Text(0))
	}
}
