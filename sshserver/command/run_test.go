package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/anmitsu/go-shlex"

	"breakglass/core"
	"breakglass/core/words"
)

var update = flag.Bool("update", false, "write the golden files anew")

// eva, ann and acme are a manager, an auditor and an owner.
var (
	eva  = core.Actor{Role: core.RoleManager, Name: "eva"}
	ann  = core.Actor{Role: core.RoleAuditor, Name: "ann"}
	acme = core.Actor{Role: core.RoleOwner, Name: "acme"}
)

func env() Env {
	return Env{Lang: "en", Host: "console.example", Port: 2222, Now: func() time.Time { return noon }}
}

// run carries out a line and returns all that a person would see.
func run(t *testing.T, console Console, a core.Actor, line, in string) (out, errs string, exit int) {
	t.Helper()
	var o, e strings.Builder
	exit = Run(t.Context(), console, a, split(line), Streams{In: strings.NewReader(in), Out: &o, Err: &e}, env())
	return o.String(), e.String(), exit
}

// split cuts a line at spaces; "~" stands for a space within a word.
func split(line string) []string {
	args := strings.Fields(line)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "~", " ")
	}
	return args
}

// A golden file is a transcript: each line that a role may type, what it
// answers on both outputs, its exit status, and what the console was asked.
func TestTranscripts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		actor core.Actor
		lines []string
	}{
		{"owner", acme, []string{"", "help", "help status", "status", "status --json", "help backup", "cancel"}},
		{"auditor", ann, []string{"", "log", "log list --help", "log list --site acme --event grant --limit 2", "log list --from 2026-11-20 --to 2026-11-20T14:02 --text two~words", "log list --json", "log story g-7f3k", "log story g-7f3k --json", "log export", "log export --format cef --grant g-7f3k", "log checkpoint", "log prove 7", "log prove 7 --since 5", "log push", "log push --json"}},
		{"manager", eva, []string{
			"", "site list", "site list --json", "site show acme", "site show acme --json", "site check acme", "site check acme --json",
			"site set acme --root /srv/acme --hold 24h", "site remove acme --yes acme",
			"contact add acme --phone +31612345678", "contact list acme", "contact list acme --json", "contact remove acme 2",
			"owner passphrase acme", "owner passphrase acme --json", "owner key acme", "owner key acme ssh-ed25519 AAAA jo@laptop",
			"owner key acme --remove SHA256:old",
			"person add bob --role auditor -", "person add bob --role manager --sites acme,zeta --key -", "person list", "person list --json", "person remove bob", "person forget bob --yes bob", "site forget acme --yes acme",
			"channel test --kind email", "drill acme", "drill acme --json", "rehearse zeta", "rehearse zeta --json",
			"grant list", "grant list --json", "grant show g-7f3k", "grant show g-7f3k --json", "grant revoke g-7f3k it was not her",
			"request list", "request list --json", "request veto r-2m9x --reason it was not her",
			"log list", "log export",
		}},
		{"kit", eva, []string{
			"kit acme", "kit acme --json",
			"site add acme --root /var/www/acme --email jo@acme.example --phone +31612345678 --title Acme~Bakery --life 8h --owner-key -",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			for _, line := range tt.lines {
				console := &fake{}
				out, errs, exit := run(t, console, tt.actor, line, "# a comment\nssh-ed25519 AAAA jo@laptop\r\n")
				fmt.Fprintf(&b, "$ %s\n%s", line, out)
				for l := range strings.Lines(errs) {
					b.WriteString("2> " + l)
				}
				for _, c := range console.calls {
					b.WriteString("=> " + c + "\n")
				}
				if exit != ExitDone {
					t.Errorf("%q: exit %d: %s", line, exit, errs)
				}
				b.WriteString("\n")
			}
			golden(t, tt.name, b.String())
		})
	}
}

// golden compares a text with testdata/<name>.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", file, got)
	}
}

// Each command explains itself, in words that exist.
func TestHelp(t *testing.T) {
	for _, tt := range []struct {
		name  string
		actor core.Actor
	}{{"owner", acme}, {"auditor", ann}, {"manager", eva}} {
		s := &session{console: &fake{}, actor: tt.actor, env: env()}
		s.env.Plain = func(context.Context) error { return nil }
		var b strings.Builder
		for _, group := range s.tree().Commands() {
			for _, cmd := range append(group.Commands(), group) {
				line := path(cmd) + " --help"
				var o, e strings.Builder
				if exit := Run(t.Context(), &fake{}, tt.actor, split(line), Streams{strings.NewReader(""), &o, &e}, s.env); exit != ExitDone {
					t.Errorf("%s: exit %d: %s", line, exit, e.String())
				}
				if loose := regexp.MustCompile(`command\.\w|<no value>`).FindString(o.String()); loose != "" {
					t.Errorf("%s: a text is missing: %s", line, o.String())
				}
				b.WriteString("$ " + line + "\n" + o.String() + "\n")
			}
		}
		golden(t, "help-"+tt.name, b.String())
	}
}

// Every text of ours in the catalogue is used: what nobody says goes.
func TestNoIdleTexts(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for _, id := range words.IDs() {
		id, ours := strings.CutPrefix(id, "command.")
		if !ours {
			continue
		}
		for _, suffix := range []string{".short", ".example"} {
			id = strings.TrimSuffix(id, suffix)
		}
		last := id[strings.LastIndex(id, ".")+1:]
		for _, prefix := range []string{"flag.", "kind.", "root."} {
			if strings.HasPrefix(id, prefix) {
				id = prefix
			}
		}
		if !strings.Contains(source.String(), `"`+id+`"`) && !strings.Contains(source.String(), `"`+last+`"`) {
			t.Errorf("command.%s is used nowhere", id)
		}
	}
}

// What is not understood costs one sentence and status 2, and the console is
// never asked.
func TestMisread(t *testing.T) {
	for _, tt := range []struct {
		actor core.Actor
		line  string
		in    string
		want  string
	}{
		{eva, "sit list", "", "did you mean “site”"},
		{eva, "site lst", "", "did you mean “site list”"},
		{eva, "site xyzzy --root /x", "", "There is no command “site xyzzy”"},
		{eva, "site --root /x list", "", "“site list” knows no --root"},
		{eva, "hlep", "", "did you mean “help”"},
		{eva, "help sit", "", "did you mean “site”"},
		{eva, "site list --jsn", "", "did you mean --json"},
		{eva, "site list -x", "", "knows no --x"},
		{eva, "site add acme --root", "", "--root wants a value"},
		{eva, "site add acme --root /x --life soon", "", "wants a length of time"},
		{eva, "site add acme", "", "wants --root DIR"},
		{eva, "site add", "", "wants SITE"},
		{eva, "site add acme --title Acme Bakery --root /x", "", "“Bakery” is one word too many"},
		{eva, "site set acme", "", "Say what to change"},
		{eva, "site remove acme", "", "--yes acme"},
		{eva, "site remove acme --yes zeta", "", "--yes acme"},
		{eva, "contact add acme", "", "either --email or --phone"},
		{eva, "contact add acme --email a@b.c --phone +1", "", "either --email or --phone"},
		{eva, "grant revoke g-7f3k", "", "wants REASON"},
		{eva, "person add bob", "ssh-ed25519 AAAA", "--role manager or --role auditor"},
		{eva, "person add bob --role owner", "ssh-ed25519 AAAA", "--role manager or --role auditor"},
		{eva, "owner key acme", "", "No public key came"},
		{eva, "owner key acme", "ssh-ed25519 A\nssh-ed25519 B\n", "one public key at a time"},
		{eva, "owner key acme", strings.Repeat("x", keyCap+1), "too long"},
		{eva, "log list --limit -1", "", "numbers from 0"},
		{eva, "person forget bob", "", "person forget bob --yes bob"},
		{eva, "site forget acme --yes acm", "", "site forget acme --yes acme"},
		{ann, "log list --from monday", "", "“monday” is no time that can be read"},
		{ann, "log export --to 31-12-2026", "", "all are UTC"},
		{ann, "log show", "", "wants NUMBER"},
		{ann, "log show x", "", "“x” is no number of a line"},
		{ann, "log story", "", "wants GRANT"},
		{ann, "log prove", "", "wants NUMBER"},
		{ann, "log prove x", "", "“x” is no number of a line"},
		{ann, "log prove -- -1", "", "“-1” is no number of a line"},
		{ann, "log prove 1 --since -", " \n", "No checkpoint came"},
		{eva, "__complete site ", "", "There is no command"},
		{eva, "--help __completeNoDesc site", "", "There is no command"},
		{eva, "completion bash", "", "There is no command"},
		{eva, "status", "", "There is no command"},
		{eva, "plain", "", "There is no command"},
		{ann, "site list", "", "There is no command"},
		{ann, "log drop", "", "There is no command"},
		{acme, "log list", "", "There is no command"},
		{acme, "site list", "", "There is no command"},
		{acme, "backup now", "", "“now” is one word too many"},
		{acme, "backup --format zip", "", "“backup” knows no --format"},
		{eva, "backup", "", "There is no command"},
		{acme, "\x1b]0;title\x07", "", "There is no command “]0;title”"},
	} {
		console := &fake{}
		out, errs, exit := run(t, console, tt.actor, tt.line, tt.in)
		if exit != ExitUsage || !strings.Contains(errs, tt.want) || out != "" {
			t.Errorf("%q: exit %d, want 2 and %q\nout: %s\nerr: %s", tt.line, exit, tt.want, out, errs)
		}
		if len(console.calls) > 0 {
			t.Errorf("%q: the console was asked: %v", tt.line, console.calls)
		}
		if strings.Contains(errs, "<no value>") {
			t.Errorf("%q: %s", tt.line, errs)
		}
	}
}

// A test message that did not leave is a refusal that says why.
func TestChannelTestThatFails(t *testing.T) {
	for kind, want := range map[string]struct {
		says string
		exit int
	}{
		"sms":     {"did not leave by sms: not taken: 500 Internal Server Error.", ExitRefused},
		"webhook": {"webhook has not answered yet", ExitRefused},
		"pigeon":  {"Say which: --kind email", ExitUsage},
		"":        {"Say which: --kind email", ExitUsage},
	} {
		line := "channel test"
		if kind != "" {
			line += " --kind " + kind
		}
		console := &fake{}
		if out, errs, exit := run(t, console, eva, line, ""); exit != want.exit || out != "" || !strings.Contains(errs, want.says) {
			t.Errorf("%s: exit %d, %q, %q", line, exit, out, errs)
		}
		if want.exit == ExitUsage && len(console.calls) > 0 {
			t.Errorf("%s: the console was asked", line)
		}
	}
}

// What the console refuses costs its sentence and status 1, whatever the
// command, and leaves the output empty.
func TestRefused(t *testing.T) {
	lines := []string{
		"site add acme --root /x", "site set acme --root /x", "site list", "site show acme", "site remove acme --yes acme",
		"contact add acme --email a@b.c", "contact list acme", "contact remove acme 1", "owner passphrase acme", "owner key acme -",
		"owner key acme --remove SHA256:x", "person add bob --role auditor -", "person list", "person remove bob", "person forget bob --yes bob", "site forget acme --yes acme", "grant list",
		"grant show g", "grant revoke g why", "request list", "request veto r why", "log list", "log show 1", "log story g", "log checkpoint", "log prove 1", "log push", "drill acme", "kit acme",
	}
	for _, line := range lines {
		refusal := core.Refuse(core.ErrDenied, "Only a manager of all sites may do this.")
		out, errs, exit := run(t, &fake{err: refusal}, eva, line, "ssh-ed25519 AAAA")
		if exit != ExitRefused || !strings.Contains(errs, "Only a manager of all sites may do this.") || out != "" {
			t.Errorf("%q: exit %d\nout: %s\nerr: %s", line, exit, out, errs)
		}
	}
	_, errs, exit := run(t, &fake{err: core.Refuse(core.ErrDenied, "inner workings")}, acme, "status", "")
	if exit != ExitRefused || strings.Contains(errs, "inner workings") {
		t.Errorf("an owner is told %q, exit %d", errs, exit)
	}
}

// A fault inside the console tells nothing of its inside, but an incident.
func TestFault(t *testing.T) {
	e := env()
	var logged error
	e.Incident = func(err error) string { logged = err; return "7F3K" }
	var out, errs strings.Builder
	fault := errors.New("open /var/lib/breakglass/db: permission denied")
	exit := Run(t.Context(), &fake{err: fault}, eva, split("site list"), Streams{strings.NewReader(""), &out, &errs}, e)
	if exit != ExitRefused || !strings.Contains(errs.String(), "7F3K") || strings.Contains(errs.String(), "/var/lib") {
		t.Errorf("exit %d: %s", exit, errs.String())
	}
	if !errors.Is(logged, fault) {
		t.Errorf("logged %v", logged)
	}
}

// A list without anything in it says what to do next, beside the output.
func TestEmpty(t *testing.T) {
	for line, want := range map[string]string{
		"site list": "site add", "contact list acme": "contact add", "person list": "person add", "grant list": "request list",
		"request list": "Nobody asks", "log list --site nix": "log list",
	} {
		out, errs, exit := run(t, &fake{empty: true}, eva, line, "")
		if exit != ExitDone || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%q: exit %d, out %q, err %q", line, exit, out, errs)
		}
		out, _, _ = run(t, &fake{empty: true}, eva, line+" --json", "")
		if !strings.Contains(out, "[]") || strings.Contains(out, "null") {
			t.Errorf("%q --json: %s", line, out)
		}
	}
}

// A session that ends while a key is awaited does not hang.
func TestInputEndsWithTheSession(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	cancel(core.ErrRevoked)
	var out, errs strings.Builder
	if exit := Run(ctx, &fake{}, eva, split("owner key acme"), Streams{r, &out, &errs}, env()); exit != ExitRefused {
		t.Errorf("exit %d: %s", exit, errs.String())
	}
}

// Ctrl+D ends the input also where the client asked for a terminal.
func TestControlD(t *testing.T) {
	console := &fake{}
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	go func() { _, _ = io.WriteString(w, "ssh-ed25519 AAAA\r\x04") }()
	var out, errs strings.Builder
	if exit := Run(t.Context(), console, eva, split("owner key acme"), Streams{r, &out, &errs}, env()); exit != ExitDone {
		t.Errorf("exit %d: %s", exit, errs.String())
	}
	if want := "AddOwnerKey acme ssh-ed25519 AAAA"; len(console.calls) != 1 || console.calls[0] != want {
		t.Errorf("calls %q", console.calls)
	}
}

// gone is a client that hung up.
type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestClientGone(t *testing.T) {
	for _, line := range []string{"site list", "log export", "kit acme --json"} {
		if exit := Run(t.Context(), &fake{}, eva, split(line), Streams{strings.NewReader(""), gone{}, gone{}}, env()); exit != ExitRefused {
			t.Errorf("%q: exit %d", line, exit)
		}
	}
}

func TestPlain(t *testing.T) {
	e, ran := env(), false
	e.Plain = func(context.Context) error { ran = true; return nil }
	var out, errs strings.Builder
	if exit := Run(t.Context(), &fake{}, acme, []string{"plain"}, Streams{strings.NewReader(""), &out, &errs}, e); exit != ExitDone || !ran {
		t.Errorf("exit %d, ran %v: %s", exit, ran, errs.String())
	}
}

// Whatever is typed, nothing panics, the status is one of four, and no
// control character comes back.
func FuzzRun(f *testing.F) {
	for _, seed := range []string{
		"", "site list", "site add a --root /x --life 1h", "help help", "-- site", "-h", "--=x", "-abc", "log list --before x", "grant revoke g \x1b[2J",
		"site --root", "__complete x", "help -- --", "person add b --role=auditor", "site list --json=maybe", "status\x00", "\u202e",
	} {
		f.Add(seed, byte(0))
	}
	f.Fuzz(func(t *testing.T, line string, role byte) {
		actor := []core.Actor{eva, ann, acme}[int(role)%3]
		var out, errs strings.Builder
		exit := Run(t.Context(), &fake{}, actor, strings.Split(line, " "), Streams{strings.NewReader("ssh-ed25519 AAAA"), &out, &errs}, env())
		if exit < ExitDone || exit > ExitIncomplete {
			t.Errorf("%q: exit %d", line, exit)
		}
		if strings.ContainsAny(out.String()+errs.String(), "\x1b\x00\x07\u202e\u009b") {
			t.Errorf("%q: unsafe answer %q %q", line, out.String(), errs.String())
		}
	})
}

// The line that goes on asks for what this one asked for, whatever was in it:
// once through the client's shell and once through the server's splitting.
func TestTheLineThatGoesOnKeepsItsFilters(t *testing.T) {
	_, errs, _ := run(t, &fake{}, ann, "log list --site acme --text it's~\"$HOME\" --limit 2", "")
	_, typed, ok := strings.Cut(strings.TrimSpace(errs), "ann@console.example ")
	if !ok {
		t.Fatal(errs)
	}
	sent, err := exec.CommandContext(t.Context(), "sh", "-c", "set -- "+typed+`; printf %s "$*"`).Output() //nolint:gosec // that is the test
	if err != nil {
		t.Fatal(err)
	}
	got, err := shlex.Split(string(sent), true)
	if want := `log|list|--site|acme|--text|it's "$HOME"|--limit|2|--before|1200`; err != nil || strings.Join(got, "|") != want {
		t.Errorf("%q, %v\nwant %s", got, err, want)
	}
}

func TestAConsoleWithoutACollectorSaysSo(t *testing.T) {
	out, errs, exit := run(t, &fake{empty: true}, ann, "log push", "")
	if exit != ExitDone || out != "" || !strings.Contains(errs, "breakglass.yaml") {
		t.Errorf("exit %d: %s%s", exit, out, errs)
	}
}
