package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"breakglass/core/audit"
	"breakglass/core/safetext"
	"breakglass/core/view"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"
)

// maxLogKey is far above the length of any key or checkpoint, in bytes.
const maxLogKey = 16 << 10

func logCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "log", Short: "Check an exported log, on any machine", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(logVerifyCommand())
	return cmd
}

// logVerify is what the command line of log verify says.
type logVerify struct {
	key, pinned string
	json        bool
}

func logVerifyCommand() *cobra.Command {
	var o logVerify
	cmd := &cobra.Command{
		Use:   "verify FILE --key VKEY",
		Short: "Check an exported log, or proofs of some lines, without the console",
		Long: "Verify reads what `ssh auditor@host log export` or `log prove` wrote, PROOF.jsonl of an\n" +
			"archive, or standard input for -, and checks all of it: that nothing is missing, changed, added or in another\n" +
			"order, that personal data is what the log commits to, and that the console's key\n" +
			"signed it. With --pinned it also checks that the log continues a checkpoint that you\n" +
			"kept, so that nobody rewrote it since. The key stands on the emergency sheet, as log\n" +
			"key. Of an export of some lines each is proved to be in the log; that none was left\n" +
			"out only the whole log can show. It exits with 0 when all is right and with 1 when\n" +
			"anything is wrong.",
		Example: "  breakglass log verify log.jsonl --key host.example/breakglass+1a2b3c4d+AZ… --pinned checkpoint.txt",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.key == "" {
				return &usageError{errors.New("give the log's key, as the emergency sheet has it: --key host.example/breakglass+1a2b3c4d+AZ…, or a file with it")}
			}
			return o.run(args[0], cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&o.key, "key", "", "the log's verifier key `VKEY`, or a file that holds it")
	cmd.Flags().StringVar(&o.pinned, "pinned", "", "demand that the log continues the signed checkpoint in this `FILE`")
	jsonFlag(cmd, &o.json)
	return cmd
}

func (o logVerify) run(path string, in io.Reader, out io.Writer) (err error) {
	options, err := o.options()
	if err != nil {
		return err
	}
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("open the log: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		in = f
	}
	reader := bufio.NewReaderSize(in, 64<<10)
	if start, _ := reader.Peek(len(proofStart)); string(start) == proofStart {
		return o.proofs(path, reader, options, out)
	}
	if start, _ := reader.Peek(len(bundleStart)); string(start) == bundleStart {
		return o.bundle(path, reader, options, out)
	}
	report, err := audit.Verify(reader, options)
	if err != nil {
		return fmt.Errorf("%s does not verify: %w", path, err)
	}
	return o.tell(path, report, out)
}

// proofStart is how a proof begins and no export does.
const proofStart = `{"seq":`

// bundleStart is how the proofs of a grant begin, PROOF.jsonl of an archive.
const bundleStart = `{"grant":`

// bundle checks the proofs of a grant.
func (o logVerify) bundle(path string, in io.Reader, options audit.VerifyOptions, out io.Writer) error {
	if o.pinned != "" {
		return &usageError{errors.New("the proofs of a grant say nothing of an older log; check an export with --pinned, or a proof made with --since")}
	}
	b, err := audit.CheckBundle(in, options)
	if err != nil {
		return fmt.Errorf("%s does not verify: %w", path, err)
	}
	if o.json {
		return view.WriteJSON(out, map[string]any{"grant": b.Grant, "entries": b.Lines, "proved": b.Leaves})
	}
	lines := []string{fmt.Sprintf("%s verifies: %d entries of access %s are in the log %s of %d entries:",
		path, len(b.Leaves), safetext.Line(b.Grant), options.Verifier.Name(), b.Lines)}
	for _, leaf := range b.Leaves {
		lines = append(lines, fmt.Sprintf("  %d  %s  %s  %s", leaf.Seq, leaf.Time.Format(time.RFC3339), safetext.Line(leaf.Verb), safetext.Line(leaf.Actor)))
	}
	_, err = fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// options reads the key and the pinned checkpoint.
func (o logVerify) options() (audit.VerifyOptions, error) {
	key := o.key
	if _, err := os.Stat(key); err == nil {
		text, err := readCapped(key, maxLogKey)
		if err != nil {
			return audit.VerifyOptions{}, fmt.Errorf("read the log's key: %w", err)
		}
		key = string(text)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return audit.VerifyOptions{}, fmt.Errorf("%q is not a log's verifier key; it looks like host.example/breakglass+1a2b3c4d+AZ…: %w", view.Cut(safetext.Line(key), 60), err)
	}
	options := audit.VerifyOptions{Verifier: verifier}
	if o.pinned == "" {
		return options, nil
	}
	pinned, err := readCapped(o.pinned, maxLogKey)
	if err != nil {
		return audit.VerifyOptions{}, fmt.Errorf("read the pinned checkpoint: %w", err)
	}
	options.Pinned = strings.TrimSpace(string(pinned)) + "\n"
	return options, nil
}

func (o logVerify) tell(path string, r audit.Report, out io.Writer) error {
	if o.json {
		return view.WriteJSON(out, map[string]any{
			"origin": r.Origin, "entries": r.Lines, "root": r.Root.String(), "first": r.First, "last": r.Last,
			"personal": r.Personal, "erased": r.Erased, "restored": r.Restored, "pinned": r.Pinned,
		})
	}
	lines := []string{
		fmt.Sprintf("%s verifies: %d entries of the log %s, from %s to %s.", path, r.Lines, r.Origin, r.First.Format(time.RFC3339), r.Last.Format(time.RFC3339)),
		fmt.Sprintf("Root: %s", r.Root),
		fmt.Sprintf("Personal data: %d fields there and proved, %d erased.", r.Personal, r.Erased),
	}
	switch {
	case o.pinned != "":
		lines = append(lines, fmt.Sprintf("It continues the pinned checkpoint of %d entries.", r.Pinned))
	default:
		lines = append(lines, "Nothing was pinned: this says nothing of a log that was rewritten and signed anew as a whole. Keep a checkpoint and give it with --pinned.")
	}
	if r.Restored > 0 {
		lines = append(lines, fmt.Sprintf("BEWARE: %d times an older copy of the records was put back; look for log.restored.", r.Restored))
	}
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}
