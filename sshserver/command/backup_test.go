package command

import (
	"strings"
	"testing"

	"breakglass/core"
)

// The archive stands alone on the output; what is to be said of it, and how the
// command ends, follows from the verdict.
func TestBackup(t *testing.T) {
	for name, tt := range map[string]struct {
		console fake
		out     string
		says    []string
		exit    int
	}{
		"complete": {fake{result: core.BackupResult{Verdict: core.VerdictComplete, Written: 1_400_000_000, SHA256: "abcd"}}, archive,
			[]string{"Leave this window open", "COMPLETE\n", "complete (1.4 GB)", "SHA-256 abcd"}, ExitDone},
		"notes": {fake{result: core.BackupResult{Verdict: core.VerdictNotes, Notes: []string{"a \x1b[2Jnote"}, SHA256: "abcd"}}, archive,
			[]string{"COMPLETE WITH NOTES\n", "- a [2Jnote\n", "SHA-256 abcd"}, ExitDone},
		"not complete": {fake{result: core.BackupResult{Verdict: core.VerdictNotComplete, Notes: []string{"no database"}, SHA256: "abcd"}}, archive,
			[]string{"NOT COMPLETE\n", "- no database\n", "Keep it all the same", "SHA-256 abcd"}, ExitIncomplete},
		"refused": {fake{err: core.Refuse(core.ErrNeedsProof, "x")}, "", []string{"code"}, ExitRefused},
		"cut":     {fake{err: core.Refuse(core.ErrRevoked, "x"), empty: true}, archive, []string{"is no backup: delete that file", "manager"}, ExitRefused},
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, exit := run(t, &tt.console, acme, "backup", "")
			if exit != tt.exit || out != tt.out {
				t.Errorf("exit %d, out %q", exit, out)
			}
			for _, text := range tt.says {
				if !strings.Contains(errs, text) {
					t.Errorf("%q is not said:\n%s", text, errs)
				}
			}
			if name == "refused" && strings.Contains(errs, "delete") || strings.Contains(errs, "\x1b") {
				t.Errorf("it says\n%s", errs)
			}
		})
	}
}

// On a terminal bytes do not arrive as they are: nothing begins.
func TestBackupOnATerminal(t *testing.T) {
	var out, errs strings.Builder
	e, console := env(), &fake{}
	e.Terminal = true
	exit := Run(t.Context(), console, acme, []string{"backup"}, Streams{strings.NewReader(""), &out, &errs}, e)
	if exit != ExitUsage || out.Len() > 0 || len(console.calls) > 0 || !strings.Contains(errs.String(), "without -t") {
		t.Errorf("exit %d, asked %v: %s%s", exit, console.calls, out.String(), errs.String())
	}
}
