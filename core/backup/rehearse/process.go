package rehearse

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a program in a process group of its own, which dies with us.
type process struct {
	cmd    *exec.Cmd
	stderr tail
	ended  chan struct{}
	err    error // once ended
}

// addressRoom is what a server maps and does not use, in bytes.
const addressRoom = 2 << 30

// pipeTime is how long a dead program's pipes may stay open.
const pipeTime = 5 * time.Second

// run starts a program in the room as its user. It gets no environment of ours.
func (r *room) run(in io.Reader, out io.Writer, path string, args ...string) (*process, error) {
	// Beyond what is watched, nobody may reach at once for all that there is.
	bound := `ulimit -v ` + strconv.FormatInt((r.rehearser.options.Memory+addressRoom)>>10, 10)
	return r.start(in, out, nil, bound, path, args...)
}

// selfPath is this program as a process finds it whose first extra file it is:
// where it lies on the disk, its user may not be let in.
const selfPath = "/proc/self/fd/3"

// runSelf is run for this program itself. What Go maps and does not use has no
// bound, so this one is watched alone.
func (r *room) runSelf(in io.Reader, out io.Writer, args ...string) (*process, error) {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, fmt.Errorf("start ourselves: %w", err)
	}
	p, err := r.start(in, out, []*os.File{self}, ":", selfPath, args...)
	return p, errors.Join(err, self.Close())
}

func (r *room) start(in io.Reader, out io.Writer, files []*os.File, bound, path string, args ...string) (*process, error) {
	bounds := []string{"-c", "ulimit -c 0; " + bound + `; exec "$0" "$@"`, path}
	p := &process{cmd: exec.Command("/bin/sh", append(bounds, args...)...), ended: make(chan struct{})} //nolint:gosec // a program of the system with options of our own
	p.cmd.Dir, p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr, p.cmd.ExtraFiles, p.cmd.WaitDelay = r.dir, in, out, &p.stderr, files, pipeTime
	p.cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", "TZ=UTC", "HOME=" + r.dir, "TMPDIR=" + filepath.Join(r.dir, "tmp")}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: r.as}
	started := make(chan error)
	go func() {
		// The program dies with the thread that started it, so that thread stays.
		runtime.LockOSThread()
		lowPriority()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(path), err)
	}
	r.keep(p)
	return p, nil
}

// wait returns when the program has ended, and how.
func (p *process) wait() error {
	<-p.ended
	return p.err
}

// said is the end of what the program complained, made safe.
func (p *process) said() string { return p.stderr.line() }

// kill ends the program and its children at once.
func (p *process) kill() error {
	err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// tail keeps the last of what is written to it. It is safe for concurrent use.
type tail struct {
	mu   sync.Mutex // held for a copy only
	text []byte
}

const maxTail = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if more := len(t.text) - maxTail; more > 0 {
		t.text = append(t.text[:0], t.text[more:]...)
	}
	return len(p), nil
}

// maxSaid bounds what is told of a program's complaints, in letters: they may
// quote the site's data.
const maxSaid = 160

// line is the last line that tells of an error, else the last one.
func (t *tail) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	last := lines[len(lines)-1]
	for _, line := range lines {
		if strings.Contains(line, "ERROR") {
			last = line
		}
	}
	return said(last)
}

// those calls f for each process whose working directory is, or is below, a
// directory: a server's children leave its process group.
func those(dir string, f func(pid int)) error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		at, err := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		if err == nil && (at == dir || strings.HasPrefix(at, dir+"/")) {
			f(pid)
		}
	}
	return nil
}

// killTime is how long killed processes may take to go.
const killTime = 10 * time.Second

// killThoseIn ends every process in a directory, and waits until none is left.
func killThoseIn(dir string) error {
	for deadline := time.Now().Add(killTime); ; time.Sleep(10 * time.Millisecond) {
		left := 0
		err := those(dir, func(pid int) {
			left++
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have gone meanwhile
		})
		if err != nil || left == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes of a rehearsal do not end", left)
		}
	}
}
