package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"breakglass/core"
	"breakglass/core/backup/rehearse"
	"breakglass/core/safetext"

	"github.com/spf13/cobra"
)

// The exit statuses of the local commands.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitIncomplete = 3 // a backup or an archive that says NOT COMPLETE
)

func main() {
	if rehearse.Helped() {
		return
	}
	os.Exit(run())
}

// run carries out the process's command line and returns its exit status.
func run() int {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup asks to live on without the terminal
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	root := commands()
	err := root.ExecuteContext(ctx)
	var status exitStatus
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintln(os.Stderr, "breakglass: "+sentence(err))
	var misread *usageError
	if errors.As(err, &misread) {
		return exitUsage
	}
	return exitFailed
}

// exitStatus ends a command with a status of its own; all was said already.
type exitStatus int

// Error implements error.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is a command line that was not understood.
type usageError struct{ error }

// Unwrap gives errors.Is the error below.
func (e *usageError) Unwrap() error { return e.error }

// commands is the tree of local commands. All that concerns a running console
// goes over SSH.
func commands() *cobra.Command {
	root := &cobra.Command{
		Use:   "breakglass",
		Short: "The emergency door to a website's backup",
		Long: "Breakglass lets the owner of a website fetch a complete backup without the web\n" +
			"manager, when the manager has set it up in advance. Try it with: breakglass demo",
		Args:          usage(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w; `%s --help` shows what can be typed", err, cmd.CommandPath())}
	})
	root.AddCommand(demoCommand(), initCommand(), serveCommand(), backupCommand(), verifyCommand(), restoreCommand(), logCommand(), channelCommand(), versionCommand())
	return root
}

// usage makes a complaint about words a usageError.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{fmt.Errorf("%w; `%s --help` shows what can be typed", err, cmd.CommandPath())}
		}
		return nil
	}
}

// sentence is what a person reads of an error: a refusal's own sentence where
// there is one, for the operations around it say nothing to them. An error may quote
// a path of a hostile archive, so each of its lines is made safe for a terminal.
func sentence(err error) string {
	text := err.Error()
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		text = refusal.Error()
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = safetext.Path(line) // uncut
	}
	return strings.Join(lines, "\n")
}
