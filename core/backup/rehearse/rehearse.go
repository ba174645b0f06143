package rehearse

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/backup"

	"golang.org/x/sys/unix"
)

// Options are what a Rehearser is made of. The zero value of each is a default.
type Options struct {
	// Name tells this console's directories from another's: its data directory.
	Name string
	// Dir is where they are made; it must have a short path, and be open to the
	// user who runs the servers. "": /var/tmp.
	Dir string
	// User runs the servers where we are root, as they refuse root. "": nobody,
	// or mysql where there is none. Where we are not root they run as ourselves.
	User string
	// Path lists the directories in which programs are looked for; nil: those of
	// PATH and the usual places of servers.
	Path []string
	// Time bounds one rehearsal; 0: 30 minutes.
	Time time.Duration
	// Memory bounds what all processes of one use together, in bytes; 0: 1 GiB.
	Memory int64
	// Reserve is what must stay free on the disk, in bytes; 0: 512 MiB.
	Reserve int64
}

// Rehearser implements core.Rehearser. It is safe for concurrent use.
type Rehearser struct {
	options Options
	prefix  string // of its directories' names
}

var _ core.Rehearser = (*Rehearser)(nil)

// The bounds of a rehearsal, unless others are set.
const (
	defaultTime    = 30 * time.Minute
	defaultMemory  = 1 << 30
	defaultReserve = 512 << 20
	niceness       = 10 // a website on this machine goes first
)

// Why a rehearsal was ended by ourselves.
var (
	errTime   = errors.New("it took too long")
	errMemory = errors.New("it took too much memory")
	errDisk   = errors.New("the disk is nearly full")
)

// New returns a Rehearser and removes what a crash left of earlier ones. Two
// with the same name must not be at work at once.
func New(o Options) (*Rehearser, error) {
	if o.Dir == "" {
		o.Dir = "/var/tmp"
	}
	if o.Path == nil {
		o.Path = usualPath()
	}
	if o.Time == 0 {
		o.Time = defaultTime
	}
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Reserve == 0 {
		o.Reserve = defaultReserve
	}
	sum := sha256.Sum256([]byte(o.Name))
	r := &Rehearser{options: o, prefix: fmt.Sprintf("breakglass-rehearsal-%x-", sum[:4])}
	left, err := filepath.Glob(filepath.Join(o.Dir, r.prefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("sweep rehearsals: %w", err)
	}
	for _, dir := range left {
		err = errors.Join(err, killThoseIn(dir), os.RemoveAll(dir))
	}
	if err != nil {
		return nil, fmt.Errorf("sweep rehearsals: %w", err)
	}
	return r, nil
}

// usualPath lists where programs are looked for.
func usualPath() []string {
	path := filepath.SplitList(os.Getenv("PATH"))
	path = append(path, "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin")
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"} {
		found, _ := filepath.Glob(pattern)     //nolint:errcheck // the patterns are right
		for i := len(found) - 1; i >= 0; i-- { // the newest first
			path = append(path, found[i])
		}
	}
	return path
}

// find returns the first of some programs that is installed, or "".
func (r *Rehearser) find(names ...string) string {
	for _, name := range names {
		for _, dir := range r.options.Path {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return path
			}
		}
	}
	return ""
}

// Rehearse implements core.Rehearser.
func (r *Rehearser) Rehearse(ctx context.Context, archive io.Reader) (core.Rehearsal, error) {
	timed, cancel := context.WithTimeoutCause(ctx, r.options.Time, errTime)
	defer cancel()
	var found core.Rehearsal
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		// A thread of its own, which ends with this: so its low priority is
		// nobody else's, and those that it starts have it too.
		runtime.LockOSThread()
		lowPriority()
		found, err = r.rehearse(timed, archive)
	}()
	<-done
	switch {
	case ctx.Err() != nil:
		return core.Rehearsal{}, errors.Join(fmt.Errorf("rehearse: %w: %w", core.ErrCancelled, context.Cause(ctx)), err)
	case err != nil:
		return core.Rehearsal{}, fmt.Errorf("rehearse: %w", err)
	}
	return found, nil
}

// lowPriority lowers that of this thread. It may not be allowed, which is no
// harm.
func lowPriority() {
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness)
}

func (r *Rehearser) rehearse(ctx context.Context, archive io.Reader) (found core.Rehearsal, err error) {
	t := &trial{rehearser: r, ctx: ctx, loads: map[string]*load{}, servers: map[kind]*server{}, sqlites: map[string]sqliteFound{}, versionsSeen: map[string]bool{}}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it broke: %v", p)
		}
		err = errors.Join(err, t.close())
	}()
	contents, err := backup.Read(ctx, archive, backup.VerifyOptions{}, t)
	var fault *core.Refusal
	switch {
	case errors.Is(context.Cause(ctx), errTime):
		return core.Rehearsal{Why: core.RehearsalTime}, nil
	case ctx.Err() != nil:
		return core.Rehearsal{}, nil
	case errors.As(err, &fault):
		return core.Rehearsal{Why: core.RehearsalDamaged, What: fault.Detail}, nil
	case err != nil:
		return core.Rehearsal{}, err
	}
	t.found.Files = contents.Files
	t.finish()
	t.count(contents.Databases)
	switch {
	case errors.Is(context.Cause(ctx), errTime):
		t.found.Why, t.found.What = core.RehearsalTime, ""
	case t.found.Why == "":
		t.found.Server = strings.Join(t.versions(), ", ")
	}
	return t.found, nil
}
