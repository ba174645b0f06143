package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"breakglass/core/backup"
	"breakglass/core/backup/restore"
	"breakglass/core/safetext"
	"breakglass/core/view"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// restoreOrder is what the command line of restore says.
type restoreOrder struct {
	file, to, url, signer, owner string
	databases                    []string // URL, or NAME=URL for each of several dumps
	passwordFiles                []string // FILE for all, or NAME=FILE for one
	oldURLs                      []string
	dryRun, json, yes            bool

	known    *backup.Contents // what the archive holds, where it was looked at before
	answered bool             // the order was made by answers to questions
	seen     map[string]bool  // the checks that were shown before the question whether to begin

	ask  *questions // nil: nobody is there to answer
	out  io.Writer
	errs io.Writer
}

func restoreCommand() *cobra.Command {
	var o restoreOrder
	cmd := &cobra.Command{
		Use:   "restore [FILE]",
		Short: "Put a site back from an archive: files, database, address",
		Long: "Restore unpacks an archive into an empty directory, checks every hash and the signature\n" +
			"while it does, loads the dump into an empty database, writes the site's new address and\n" +
			"directory wherever the old ones stand, and points the site's configuration at its new\n" +
			"database. It looks first and refuses what cannot work before anything is touched. What\n" +
			"breaks off is gone on with by the same command. On a terminal it asks for what is missing.\n\n" +
			"The database's password is asked for, or read from --password-file: a command line can be\n" +
			"read by everybody on the machine. Where an archive holds several dumps each is given its\n" +
			"database by its name: --database shop=URL --database blog=URL.",
		Example: "  breakglass restore acme.tar.gz --to /srv/www/acme --url https://new.example \\\n" +
			"      --database 'mysql://acme@localhost/acme' --signer archive_key.pub",
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.file = args[0]
			}
			o.out, o.errs = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if !o.json && o.file != "-" && term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())) {
				o.ask = newQuestions(os.Stdin, o.errs)
			}
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "the `DIR` that the site shall live in: empty, or not there yet")
	f.StringArrayVar(&o.databases, "database", nil, "the empty database, as mysql://user@host:port/name, mysql://user@/name?socket=PATH or postgres://…; of several dumps each by its name: NAME=`URL`, once each")
	f.StringArrayVar(&o.passwordFiles, "password-file", nil, "a `FILE` whose first line is the database's password, or NAME=FILE for one of several")
	f.StringVar(&o.url, "url", "", "the site's new address, `URL`; without it the address stays")
	f.StringArrayVar(&o.oldURLs, "old-url", nil, "the site's old address, `URL`, where it cannot be found out; may be given more than once")
	f.StringVar(&o.signer, "signer", "", "demand that this key signed: a public key's `FILE`, or the fingerprint SHA256:… on the emergency sheet")
	f.StringVar(&o.owner, "owner", "", "the `USER` whom the files shall belong to (as root); by itself the owner of the place they go to")
	f.BoolVar(&o.dryRun, "dry-run", false, "look and check all, but change nothing")
	f.BoolVar(&o.yes, "yes", false, "ask nothing: go ahead, and empty the database of what an earlier try left in it")
	jsonFlag(cmd, &o.json)
	return cmd
}

func (o *restoreOrder) run(ctx context.Context) error {
	if err := o.complete(ctx); err != nil {
		return err
	}
	order, err := o.order(ctx)
	if err != nil {
		return err
	}
	if o.file != "-" {
		f, err := os.Open(o.file)
		if err != nil {
			return fmt.Errorf("open the archive: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		info, err := f.Stat()
		if err != nil {
			return fmt.Errorf("open the archive: %w", err)
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a directory; give the archive itself, as it was downloaded", o.file)
		}
		order.Archive, order.Size = f, info.Size()
	}
	m := newRestoreMeter(o.errs, o.json)
	order.Tell = m.tell
	if o.ask != nil && !o.yes {
		if err := o.agree(ctx, order); err != nil {
			return err
		}
		order.Agree = o.ask.yes
		order.Tell = o.unseen(m.tell)
	}
	report, err := restore.Run(ctx, order)
	m.end()
	if err != nil {
		return err
	}
	return o.tell(report)
}

// complete asks for what the command line lacks, or says what it is.
func (o *restoreOrder) complete(ctx context.Context) error {
	if o.ask == nil {
		switch {
		case o.file == "":
			return &usageError{errors.New("say which archive: breakglass restore FILE --to DIR")}
		case o.to == "":
			return &usageError{errors.New("say where the site shall live: --to DIR")}
		}
		return nil
	}
	if o.file != "" && o.to != "" {
		return nil // what else there is to say has its own meaning when it is not said
	}
	return o.interview(ctx)
}

// order makes an order of what was said.
func (o *restoreOrder) order(ctx context.Context) (order restore.Order, err error) {
	order = restore.Order{
		Archive: os.Stdin, File: o.file, Size: -1, Target: o.to, Owner: o.owner, URL: strings.TrimRight(o.url, "/"), OldURLs: o.oldURLs, DryRun: o.dryRun,
		Clock: newSystemClock(), Agree: func(string) (bool, error) { return o.yes, nil },
	}
	order.Known = o.known
	if order.Verify, err = demand(o.signer); err != nil {
		return order, err
	}
	order.Databases, err = o.targets(ctx)
	return order, err
}

// agree shows what would be done and asks before anything is.
func (o *restoreOrder) agree(ctx context.Context, order restore.Order) error {
	if o.dryRun {
		return nil
	}
	look := order
	look.Tell = nil
	list, err := restore.Look(ctx, look)
	if err != nil {
		return err
	}
	tell := func(format string, args ...any) { say(o.errs, fmt.Sprintf(format, args...)) }
	tell("\nThis will be done:\n")
	tell("  1. Unpack and check %s (%s).\n", safetext.Path(order.File), view.Size("", order.Size))
	tell("  2. Put the site's files into %s.\n", safetext.Path(order.Target))
	for _, line := range o.planned(order) {
		tell("  3. %s\n", line)
	}
	if order.URL != "" {
		tell("  4. Change its address to %s.\n", safetext.Line(order.URL))
	} else {
		tell("  4. Keep its address.\n")
	}
	tell("  5. Point its configuration at all that, and check the result.\n\nLooked at beforehand:\n")
	failed := false
	o.seen = map[string]bool{}
	for _, c := range list {
		o.seen[c.String()] = true
		tell("  %s\n", c)
		failed = failed || c.State == restore.Fail
	}
	if o.answered {
		tell("\nThe same without the questions, to change something or to go on later:\n")
		fmt.Fprintln(o.errs, o.again()) // one line, to be copied
	}
	fmt.Fprintln(o.errs)
	if failed {
		return nil // the restore itself says it in one sentence, or goes on with an earlier one
	}
	yes, err := o.ask.yes("Begin?")
	if err == nil && !yes {
		err = errors.New("nothing was touched")
	}
	return err
}

// unseen leaves out the checks that a person has just read.
func (o *restoreOrder) unseen(tell func(restore.Event)) func(restore.Event) {
	return func(e restore.Event) {
		if e.Check == nil || !o.seen[e.Check.String()] {
			tell(e)
		}
	}
}

// tell says what was done.
func (o *restoreOrder) tell(r restore.Report) error {
	if o.json {
		return view.WriteJSON(o.out, r)
	}
	say(o.out, r.Text())
	if r.Target != "" {
		say(o.out, fmt.Sprintf("\nThis report is kept in %s/report.txt.\n", safetext.Path(r.Beside)))
	}
	return nil
}
