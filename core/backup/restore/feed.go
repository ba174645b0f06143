package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"breakglass/core"
)

// maxSaid bounds what is kept of a client's complaints, in bytes.
const maxSaid = 16 << 10

// killTime is how long a killed client's pipes may stay open.
const killTime = 5 * time.Second

// feed runs a client in a process group of its own, which ends with ctx, and
// gives it what write writes. Should this process be killed, the kernel kills the
// client, which would else go on with what is under way. It returns what the client
// complained of. No secret is among args; the client gets none of our environment
// but PATH.
func feed(ctx context.Context, files []*os.File, write func(io.Writer) error, path string, args ...string) (said string, err error) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(inner, path, args...) //nolint:gosec // a fixed tool
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=/nonexistent"}
	var complaints saying
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = io.Discard, &complaints, files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the client dies with the thread that started it
	defer runtime.UnlockOSThread()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killTime
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", fmt.Errorf("run %s: %w", path, err)
	}
	if err := cmd.Start(); err != nil {
		return "", errors.Join(fmt.Errorf("run %s: %w", path, err), in.Close())
	}
	written := write(in)
	if gone := errors.Is(written, syscall.EPIPE) || errors.Is(written, os.ErrClosed); written != nil && !gone {
		cancel() // a client that saw half a dump must not think it whole
	}
	err = in.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	ended := cmd.Wait()
	said = strings.TrimSpace(complaints.String())
	switch {
	case ctx.Err() != nil:
		return said, fmt.Errorf("load: %w: %w", core.ErrCancelled, context.Cause(ctx))
	case written != nil && !errors.Is(written, syscall.EPIPE) && !errors.Is(written, os.ErrClosed):
		return said, fmt.Errorf("load: %w", written)
	case ended != nil:
		return said, fmt.Errorf("load: %s: %w", path, ended)
	case written != nil:
		return said, fmt.Errorf("load: %w", written)
	}
	return said, err
}

// saying keeps the first of what a client says.
type saying struct{ bytes.Buffer }

// Write implements io.Writer.
func (s *saying) Write(p []byte) (int, error) {
	s.Buffer.Write(p[:min(len(p), max(0, maxSaid-s.Len()))])
	return len(p), nil
}
