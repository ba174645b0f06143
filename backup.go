package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/store/whole"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
	"golang.org/x/term"
)

// backupOrder is what the command line of backup says.
type backupOrder struct {
	dir, file, key, databaseHost string
	database, passwordFile       string
	format                       string
	include                      []string
	json                         bool
}

func backupCommand() *cobra.Command {
	var o backupOrder
	cmd := &cobra.Command{
		Use:   "backup DIR -o FILE",
		Short: "Back up a site to a file, without a console",
		Long: "Backup runs the engine alone, for cron or for a look. It writes FILE, FILE.sha256 and,\n" +
			"with --key, FILE.sig. It exits with 0 when the backup is complete, with or without\n" +
			"notes; with 3 when something is missing; with 1 when there is none. With --json each\n" +
			"line is an event: progress and failed on standard error, result on standard output.",
		Example: "  breakglass backup /var/www/acme -o acme.tar.gz\n" +
			"  breakglass backup /var/www/acme -o acme.tar.gz --include /srv/acme-uploads\n" +
			"  breakglass backup /var/www/acme -o acme.tar.gz --database mysql://acme@localhost/acme --database-password-file FILE",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = args[0]
			if o.file == "" {
				return &usageError{errors.New("say where the backup goes: -o FILE, or -o - for standard output")}
			}
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&o.file, "output", "o", "", "the archive's `FILE`; - is standard output")
	cmd.Flags().StringVar(&o.format, "format", "", "tar.gz, which opens anywhere, or tar.zst, which is smaller; without it FILE's name says, and else it is tar.gz")
	cmd.Flags().StringVar(&o.key, "key", "", "sign with the OpenSSH private key in this `FILE`; without it the archive is UNSIGNED")
	cmd.Flags().StringVar(&o.databaseHost, "database-host", "", "a database `HOST` that is not this machine, when the site names it")
	cmd.Flags().StringVar(&o.database, "database", "", "the `URL` of a database that cannot be read from the site: mysql://USER@HOST/NAME, without the password")
	cmd.Flags().StringVar(&o.passwordFile, "database-password-file", "", "the `FILE` of mode 0600 with its password; else "+databasePasswordVariable+", else it is asked for on a terminal")
	cmd.Flags().StringArrayVar(&o.include, "include", nil, "a `PATH` outside of DIR to back up as well; may stand several times")
	jsonFlag(cmd, &o.json)
	return cmd
}

// memoryGoal is what the collector keeps the memory of a backup within, in bytes:
// what lives at once is less than half of it.
const memoryGoal = 36 << 20

// run makes the archive beside its place and moves it there when it is whole.
func (o backupOrder) run(ctx context.Context, out, errs io.Writer) (err error) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	root, err := filepath.Abs(o.dir)
	if err != nil {
		return fmt.Errorf("find %s: %w", o.dir, err)
	}
	format, err := o.packing()
	if err != nil {
		return err
	}
	signer, err := o.signer()
	if err != nil {
		return err
	}
	scratch, err := whole.TempFolder("breakglass-backup-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	clock := newSystemClock()
	include, roots, err := o.included()
	if err != nil {
		return err
	}
	engine, err := backup.New(backup.Options{Roots: append([]string{root}, roots...), Signer: signer, Scratch: scratch.Path, Host: "/", Clock: clock, Version: versionText(), Format: format})
	if err != nil {
		return err
	}
	if root, err = engine.CheckRoot(ctx, root); err != nil {
		return err
	}
	for i, path := range include {
		if include[i], err = engine.CheckInclude(ctx, path); err != nil {
			return err
		}
	}
	named, err := o.named(engine, errs)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("find this machine's name: %w", err)
	}
	site := safeName(filepath.Base(root))
	created := clock.Now().UTC()
	order := core.BackupOrder{
		SiteSpec: core.SiteSpec{Site: site, Root: root, DatabaseHost: o.databaseHost, Database: named, Include: include},
		Name:     site + "-" + created.Format("20060102T150405Z"), Created: created, Host: host,
	}
	if o.file == "-" {
		return o.stream(ctx, engine, order, out, errs)
	}
	return o.store(ctx, engine, order, out, errs)
}

// packing is how the archive is packed: as --format says, or FILE's name. The two
// must not say different things.
func (o backupOrder) packing() (backup.Format, error) {
	named := backup.FormatOf(o.file)
	if o.format == "" {
		return named, nil
	}
	format, err := backup.ParseFormat(o.format)
	if err != nil {
		return "", &usageError{err}
	}
	for _, other := range []backup.Format{backup.FormatGzip, backup.FormatZstd} {
		if other != format && strings.HasSuffix(o.file, "."+string(other)) {
			return "", &usageError{fmt.Errorf("%s says %s and --format says %s; change one of them", o.file, other, format)}
		}
	}
	return format, nil
}

// signer reads the key to sign with; nil for none.
func (o backupOrder) signer() (ssh.Signer, error) {
	if o.key == "" {
		return nil, nil
	}
	secret, err := secretFile(o.key)
	if err != nil {
		return nil, err
	}
	raw, err := ssh.ParseRawPrivateKey([]byte(secret.Reveal() + "\n"))
	if err != nil {
		return nil, fmt.Errorf("the file %s is not an OpenSSH private key without a passphrase: %w", o.key, err)
	}
	if _, ok := raw.(*ed25519.PrivateKey); !ok {
		return nil, fmt.Errorf("the key %s is not an Ed25519 key; make one with `ssh-keygen -t ed25519 -N '' -f FILE`", o.key)
	}
	return ssh.NewSignerFromKey(raw)
}

// safeName makes a folder's name fit for an archive's.
func safeName(name string) string {
	keep := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '_'
	}
	return orDefault(strings.TrimLeft(strings.Map(keep, name), ".-"), "site")
}

// stream writes the archive to standard output.
func (o backupOrder) stream(ctx context.Context, engine *backup.Engine, order core.BackupOrder, out, errs io.Writer) error {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &usageError{errors.New("an archive is no text for a terminal; send it to a file or a pipe")}
	}
	result, err := o.make(ctx, engine, order, out, errs)
	if err != nil {
		return err
	}
	return o.tell(errs, "-", result)
}

// make runs the engine and shows how it goes.
func (o backupOrder) make(ctx context.Context, engine *backup.Engine, order core.BackupOrder, w, errs io.Writer) (core.BackupResult, error) {
	m := o.meter(errs)
	result, err := engine.Run(ctx, order, w, m.show)
	m.clear()
	switch {
	case err == nil:
		return result, nil
	case errors.Is(err, core.ErrCancelled) && o.file == "-":
		err = core.Refuse(core.ErrCancelled, "The backup was stopped. What was written is no backup: delete it.")
	case errors.Is(err, core.ErrCancelled):
		err = core.Refuse(core.ErrCancelled, "The backup was stopped; nothing of it was kept.")
	}
	if !o.json {
		return result, err
	}
	m.event(map[string]any{"event": "failed", "problem": safetext.Line(sentence(err))})
	return result, exitStatus(exitFailed)
}

// store writes the archive to its file, which has its name only once it is whole
// and durable. What backups that were killed have left beside it is removed.
func (o backupOrder) store(ctx context.Context, engine *backup.Engine, order core.BackupOrder, out, errs io.Writer) (err error) {
	o.meter(errs).swept(whole.Sweep(o.file))
	f, err := whole.Create(o.file)
	if err != nil {
		return o.taken(err, "nothing was written")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	result, err := o.make(ctx, engine, order, f, errs)
	if err != nil {
		return err
	}
	if err := f.Seal(); err != nil {
		return o.taken(err, "the backup was not kept")
	}
	if err := o.beside(result); err != nil {
		return fmt.Errorf("keep the archive: %w", err)
	}
	return o.tell(out, o.file, result)
}

// taken says it when another file has the archive's name.
func (o backupOrder) taken(err error, so string) error {
	if errors.Is(err, core.ErrExists) {
		return core.Refuse(core.ErrExists, "%s exists already; %s. Give another name, or move it away.", safetext.Line(safetext.Path(o.file)), so)
	}
	return err
}

// beside writes the checksum and the signature next to the archive.
func (o backupOrder) beside(result core.BackupResult) error {
	sum := result.SHA256 + "  " + filepath.Base(o.file) + "\n"
	if err := whole.Replace(o.file+".sha256", []byte(sum)); err != nil {
		return err
	}
	if result.Signature == nil {
		return nil
	}
	return whole.Replace(o.file+".sig", result.Signature)
}

// tell says what was made, and how complete it is.
func (o backupOrder) tell(out io.Writer, file string, r core.BackupResult) error {
	if o.json {
		if err := json.NewEncoder(out).Encode(map[string]any{
			"event": "result", "file": file, "verdict": r.Verdict, "notes": view.List(r.Notes, safetext.Note), "files": r.Files, "tables": r.Tables,
			"rows": r.Rows, "bytes": r.Bytes, "written": r.Written, "sha256": r.SHA256, "signer": r.Signer,
		}); err != nil {
			return fmt.Errorf("tell the result: %w", err)
		}
	} else {
		fmt.Fprintf(out, "%s: %d files, %d tables, %s read, %s written\n", r.Verdict, r.Files, r.Tables, view.Size("", r.Bytes), view.Size("", r.Written))
		for _, note := range r.Notes {
			fmt.Fprintf(out, "  note: %s\n", safetext.Note(note))
		}
		fmt.Fprintf(out, "%s\nSHA-256 %s\nSigned by %s\n", file, r.SHA256, orDefault(r.Signer, "nobody: UNSIGNED"))
	}
	if r.Verdict == core.VerdictNotComplete {
		return exitStatus(exitIncomplete)
	}
	return nil
}
