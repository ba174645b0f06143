package rehearse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// room is the directory and the processes of one rehearsal.
type room struct {
	rehearser *Rehearser
	ctx       context.Context // ends with the rehearsal, or when a bound is reached
	dir       string
	as        *syscall.Credential // nil: as ourselves

	mu        sync.Mutex // held for a few instructions only
	processes []*process
	stop      context.CancelCauseFunc
	watching  sync.WaitGroup
}

// errNoUser: there is nobody to run a server.
var errNoUser = errors.New("there is no unprivileged user")

// newRoom makes a directory that only the server's user can enter, and watches
// over what happens there.
func (r *Rehearser) newRoom(ctx context.Context) (_ *room, err error) {
	as, err := r.user()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(r.options.Dir, r.prefix)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	for _, sub := range []string{"tmp", "files"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	if as != nil {
		for _, path := range []string{"tmp", "files", "."} {
			if err := os.Chown(filepath.Join(dir, path), int(as.Uid), int(as.Gid)); err != nil {
				return nil, err
			}
		}
	}
	inner, stop := context.WithCancelCause(ctx)
	room := &room{rehearser: r, ctx: inner, stop: stop, dir: dir, as: as}
	room.watching.Go(room.watch)
	return room, nil
}

// user is who runs the servers, nil for ourselves.
func (r *Rehearser) user() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // nobody else
	}
	names := []string{"nobody", "mysql"}
	if r.options.User != "" {
		names = []string{r.options.User}
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil || uid == 0 {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil || gid == 0 {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{}}, nil
	}
	return nil, errNoUser
}

// keep remembers a process, so that close ends it.
func (r *room) keep(p *process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.processes = append(r.processes, p)
}

// killAll ends every process of the room.
func (r *room) killAll() error {
	r.mu.Lock()
	all := append([]*process(nil), r.processes...)
	r.mu.Unlock()
	var err error
	for _, p := range all {
		err = errors.Join(err, p.kill())
	}
	return errors.Join(err, killThoseIn(r.dir))
}

// close ends every process and removes the directory.
func (r *room) close() error {
	r.stop(context.Canceled)
	r.watching.Wait()
	if err := errors.Join(r.killAll(), os.RemoveAll(r.dir)); err != nil {
		return fmt.Errorf("end rehearsal: %w", err)
	}
	return nil
}

// watchEvery is how often the bounds are looked at.
const watchEvery = 250 * time.Millisecond

// watch ends everything when a bound is reached, or the rehearsal ends.
func (r *room) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for r.ctx.Err() == nil {
		select {
		case <-r.ctx.Done():
		case <-tick.C:
			if r.memory() > r.rehearser.options.Memory {
				r.stop(errMemory)
			}
			var disk unix.Statfs_t
			if err := unix.Statfs(r.dir, &disk); err == nil && int64(disk.Bavail)*disk.Bsize < r.rehearser.options.Reserve {
				r.stop(errDisk)
			}
		}
	}
	// A client that waits for a server, and whoever waits for the client, go on
	// at once. Processes that start meanwhile are for close.
	_ = r.killAll() // close does it again and reports
}

// memory is what the processes of the room use together, in bytes: their own
// pages, and once those that they share.
func (r *room) memory() int64 {
	var own, shared int64
	_ = those(r.dir, func(pid int) { // what cannot be seen is not counted
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ":")
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			switch {
			case err != nil:
			case name == "RssAnon", name == "VmSwap":
				own += kib << 10
			case name == "RssShmem":
				shared = max(shared, kib<<10)
			}
		}
	})
	return own + shared
}
