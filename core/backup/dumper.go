package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
)

// dumpers are the tools that dump a database, the better first.
var dumpers = []string{"mariadb-dump", "mysqldump"}

// dumper is an installed dump tool and what it knows.
type dumper struct {
	path    string
	name    string
	version string
	options map[string]bool
}

// about implements dumpTool.
func (t dumper) about() dumper { return t }

// killTime is how long a killed tool's pipes may stay open.
const killTime = 5 * time.Second

// findDumper looks for a dump tool in PATH and asks it for its options.
func findDumper(ctx context.Context, scratch string) (dumper, error) {
	for _, name := range dumpers {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		var help, stderr capped
		help.limit, stderr.limit = 1<<20, maxStderr
		if err := runTool(ctx, toolRun{dir: scratch}, &help, &stderr, path, "--no-defaults", "--help"); err != nil {
			return dumper{}, core.Refuse(core.ErrDatabase, "The tool that dumps databases does not run on this server, so the database cannot be dumped; ask your web manager to reinstall mariadb-client.").
				Because(fmt.Errorf("%s --help: %w: %s", path, err, stderr.String()))
		}
		d := dumper{path: path, name: name, options: map[string]bool{}}
		for _, option := range optionForm.FindAllString(help.String(), -1) {
			d.options[option] = true
		}
		first, _, _ := strings.Cut(help.String(), "\n")
		d.version = safetext.Line(strings.TrimPrefix(first, path))
		return d, nil
	}
	return dumper{}, core.Refuse(core.ErrDatabase, "Neither mariadb-dump nor mysqldump is installed on this server, so the database cannot be dumped; ask your web manager to install mariadb-client.")
}

var optionForm = regexp.MustCompile(`--[a-z][a-z0-9-]*`)

// arguments returns the command line for a dump. No secret is on it. A table that
// cannot be read must not cost the owner those after it: with --force the tool
// goes on, and its exit status still tells.
func (t dumper) arguments(d *dump, options string) []string {
	args := []string{
		"--defaults-file=" + options, "--force", "--single-transaction", "--quick", "--skip-lock-tables", "--hex-blob", "--complete-insert",
		"--max-allowed-packet=1G", "--default-character-set=utf8mb4", "--comments",
	}
	for _, part := range []string{"routines", "events", "triggers"} {
		if d.leaves("--skip-" + part) {
			args = append(args, "--skip-"+part)
		} else {
			args = append(args, "--"+part)
		}
	}
	for _, known := range []struct{ option, argument string }{
		{"--no-tablespaces", "--no-tablespaces"},
		{"--set-gtid-purged", "--set-gtid-purged=OFF"},
		{"--column-statistics", "--column-statistics=0"},
	} {
		if t.options[known.option] {
			args = append(args, known.argument)
		}
	}
	if d.encrypted && t.options["--ssl-verify-server-cert"] {
		args = append(args, "--ssl") // MariaDB's; Oracle's tries it by itself
	}
	if !d.host.Remote {
		if t.options["--get-server-public-key"] {
			args = append(args, "--get-server-public-key")
		}
		if t.options["--ssl-verify-server-cert"] {
			args = append(args, "--skip-ssl-verify-server-cert")
		}
	}
	for _, view := range d.ignore {
		args = append(args, "--ignore-table="+d.config.Name+"."+view)
	}
	return append(args, "--", d.config.Name)
}

func (d *dump) leaves(option string) bool {
	for _, w := range d.without {
		if w == option {
			return true
		}
	}
	return false
}

// maxStderr bounds what is kept of a tool's complaints, in bytes.
const maxStderr = 16 << 10

// capped keeps the first bytes that are written to it.
type capped struct {
	bytes.Buffer
	limit int
}

// Write implements io.Writer.
func (c *capped) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), max(0, c.limit-c.Len()))])
	return len(p), nil
}

// toolRun is what a tool is given beside its arguments.
type toolRun struct {
	dir   string     // where it runs, its home
	files []*os.File // descriptors 3 and on
	env   []string   // no secrets, which /proc shows
}

// runTool runs a program in a process group of its own, which is killed when
// ctx ends; should this process be killed, the kernel kills the program. It gets
// no environment of ours.
func runTool(ctx context.Context, run toolRun, stdout, stderr interface{ Write([]byte) (int, error) }, path string, args ...string) error {
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // a fixed tool, no secret and no option from the site among args
	cmd.Dir = run.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + run.dir, "TZ=UTC"}, run.env...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = stdout, stderr, run.files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the program dies with the thread that started it
	defer runtime.UnlockOSThread()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killTime
	err := cmd.Run()
	if cmd.Process != nil && err != nil {
		// The tool is dead; a child that it left must not live on.
		if killed := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); killed != nil && !errors.Is(killed, syscall.ESRCH) {
			err = errors.Join(err, killed)
		}
	}
	return err
}

// dump dumps d into parts. A dump counts only with exit status 0 and the line
// that a dumper writes at its end.
func (t dumper) dump(ctx context.Context, d *dump, parts *dumpParts) (warnings string, err error) {
	options, err := newOptionFile(d.config.User, d.config.Password, d.host)
	if err != nil {
		return "", dumpFailed(d, err)
	}
	defer func() { err = errors.Join(err, options.Close()) }()
	stderr := capped{limit: maxStderr}
	into := &checkedWriter{parts: parts}
	err = runTool(ctx, toolRun{dir: parts.scratch, files: d.host.files(options.File)}, into, &stderr, t.path, t.arguments(d, optionPath)...)
	return judgeDump(ctx, t, d, into, stderr.String(), err)
}

// judgeDump says what became of a tool's run that ended with err.
func judgeDump(ctx context.Context, t dumper, d *dump, into *checkedWriter, stderr string, err error) (warnings string, _ error) {
	said := safetext.Line(strings.TrimSpace(stderr))
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("dump: %w", context.Cause(ctx))
	case into.err != nil:
		return "", fmt.Errorf("dump: %w", into.err)
	case err != nil && into.parts.scan.Whole() && !lostForm.MatchString(said):
		d.reached = true
		return "", dumpLacks(d, fmt.Errorf("%s: %w: %s", t.name, err, said), said)
	case err != nil:
		return "", dumpFailed(d, fmt.Errorf("%s: %w: %s", t.name, err, said))
	case !into.parts.scan.Whole():
		return "", dumpFailed(d, fmt.Errorf("%s ended without its last line: %s", t.name, said))
	}
	return said, nil
}

// dumpFailed is what an owner reads when a dump is not whole.
func dumpFailed(d *dump, cause error) error {
	var refusal *core.Refusal
	if errors.As(cause, &refusal) {
		return cause
	}
	return core.Refuse(core.ErrDatabase, "The dump of the site's database “%s” broke off. Start the backup again once it answers; if it breaks off once more, ask your web manager or hosting company to look at the database server.",
		safetext.Line(d.config.Name)).Because(cause)
}

// lostForm is what the tools say when the server went away: then nothing that
// came later was dumped, whatever their last line says.
var lostForm = regexp.MustCompile(`(?i)lost connection|gone away|\((2006|2013)\)|error:? (2006|2013)`)

// saidTable finds the tables that a tool complains of.
var saidTable = regexp.MustCompile("table[s:]? [`']([^`']{1,64})[`']")

// dumpLacks is what an owner reads when a tool went through a whole database and
// could not read all of it.
func dumpLacks(d *dump, cause error, said string) error {
	var names []string
	for _, m := range saidTable.FindAllStringSubmatch(said, -1) {
		if name := strings.TrimPrefix(m[1], "./"+d.config.Name+"/"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	what := core.Say("A part")
	if len(names) > 0 {
		what = core.Say("A part (%s)", safetext.Line(shortList(names)))
	}
	return core.Refuse(core.ErrDatabase, "%s of the database “%s” could not be read; all else of it is there. Ask your web manager or hosting company to repair it, then make another backup.",
		what, safetext.Line(d.config.Name)).Because(cause)
}

// checkedWriter remembers the error that ended a dump from our side.
type checkedWriter struct {
	parts *dumpParts
	err   error
}

// Write implements io.Writer.
func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.parts.Write(p)
	if err != nil {
		c.err = err
	}
	return n, err
}
