package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/safetext"
	"breakglass/core/view"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
)

func verifyCommand() *cobra.Command {
	var signer, logKey string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check an archive: every file, every table, nothing missing, nothing extra",
		Long: "Verify reads an archive, or standard input for -, and checks every hash, every table\n" +
			"and the signature. Without --signer it says who signed and cannot say whether that is\n" +
			"who you expect. It exits with 0 when all is right, with 3 when the archive itself says\n" +
			"NOT COMPLETE, and with 1 when something is wrong.",
		Example: "  breakglass verify acme.tar.gz --signer archive_key.pub",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := verifyFile(cmd.Context(), args[0], signer, logKey)
			if err != nil {
				return err
			}
			return tellReport(cmd.OutOrStdout(), args[0], report, asJSON)
		},
	}
	cmd.Flags().StringVar(&signer, "signer", "", "demand that this key signed: a public key's `FILE`, or the fingerprint SHA256:… on the emergency sheet")
	cmd.Flags().StringVar(&logKey, "log-key", "", "demand that the log with this verifier key `VKEY`, or a file that holds it, proves the access")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func verifyFile(ctx context.Context, path, signer, logKey string) (_ backup.Report, err error) {
	o, err := demand(signer)
	if err != nil {
		return backup.Report{}, err
	}
	if logKey != "" {
		options, err := logVerify{key: logKey}.options()
		if err != nil {
			return backup.Report{}, err
		}
		o.LogKey = options.Verifier
	}
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return backup.Report{}, fmt.Errorf("open the archive: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		in = f
	}
	return backup.Verify(ctx, in, o)
}

// bareFingerprint is one that was copied without the SHA256: before it.
var bareFingerprint = regexp.MustCompile(`^[A-Za-z0-9+/]{43}$`)

// demand reads what --signer says: a public key's file, or a fingerprint.
func demand(signer string) (o backup.VerifyOptions, err error) {
	if signer == "" {
		return o, nil
	}
	if bareFingerprint.MatchString(signer) {
		signer = "SHA256:" + signer
	}
	if strings.HasPrefix(signer, "SHA256:") {
		o.Fingerprint = signer
		return o, nil
	}
	if _, err := os.Stat(signer); errors.Is(err, fs.ErrNotExist) {
		return o, core.Refuse(core.ErrInvalid, "%s is neither a fingerprint, SHA256: and 43 characters as on the emergency sheet, nor a file with a public key.", safetext.Line(safetext.Path(signer)))
	}
	text, err := readKeyFile(signer)
	if err != nil {
		return o, err
	}
	if o.Signer, _, _, _, err = ssh.ParseAuthorizedKey([]byte(text)); err != nil {
		return o, fmt.Errorf("%s is not a public key: %w", signer, err)
	}
	return o, nil
}

// logSentence says what the log proves of the access under which the archive was
// made.
func logSentence(l backup.LogProof) string {
	if l.Proven {
		return fmt.Sprintf("The log of %d entries, with the key you asked for, proves %d of access %s, this backup's start among them.", l.Lines, l.Leaves, l.Grant)
	}
	return fmt.Sprintf("The log of %d entries, log key unproven, shows %d of access %s: compare its key %s with the emergency sheet, or demand it with --log-key.",
		l.Lines, l.Leaves, l.Grant, l.Key)
}

// tellReport says what was found right.
func tellReport(out io.Writer, path string, r backup.Report, asJSON bool) error {
	origin := "signed by " + r.Signer + ", which you asked for"
	switch {
	case r.Signer == "":
		origin = "UNSIGNED: consistent, origin unproven"
	case !r.Proven:
		origin = "consistent, origin unproven: it says that " + r.Signer + " signed it; compare that with the emergency sheet, or demand it with --signer"
	}
	if asJSON {
		if err := view.WriteJSON(out, map[string]any{
			"file": path, "site": safetext.Line(r.Site), "created": r.Created.UTC(), "verdict": r.Verdict, "notes": view.List(r.Notes, safetext.Note),
			"files": r.Files, "tables": r.Tables, "rows": r.Rows, "bytes": r.Bytes, "signer": r.Signer, "proven": r.Proven,
			"grant": r.Log.Grant, "log_key": r.Log.Key, "log_proven": r.Log.Proven, "log_lines": r.Log.Lines, "log_entries": r.Log.Leaves,
		}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(out, "All is right: every hash of %d files and %d tables agrees, and nothing is missing or extra.\n%s\n", r.Files, r.Tables, origin)
		if r.Log.Grant != "" {
			fmt.Fprintln(out, logSentence(r.Log))
		}
		fmt.Fprintf(out, "%s, made %s, says of itself: %s\n", safetext.Path(r.Name), view.Time(r.Created, ""), r.Verdict)
		for _, note := range r.Notes {
			fmt.Fprintf(out, "  note: %s\n", safetext.Note(note))
		}
	}
	if r.Verdict == core.VerdictNotComplete {
		return exitStatus(exitIncomplete)
	}
	return nil
}
