package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"breakglass/core/backup/detect"

	"golang.org/x/sys/unix"
)

// dbHost is where a database server listens, and its socket once that is held
// open.
type dbHost struct {
	detect.Address
	pin *os.File // the socket, held open; nil: it is reached by its path
}

// pinned returns the host with its socket held open: not a path, which a hacked
// site could lead to another server between one connection and the next, but
// the very socket that the path leads to now. Every connection goes to that one.
// The file must be closed in the end; it is nil for TCP.
func (h dbHost) pinned() (dbHost, error) {
	if h.Socket == "" {
		return h, nil
	}
	resolved, err := filepath.EvalSymlinks(h.Socket)
	if err != nil {
		return h, err
	}
	fd, err := unix.Open(resolved, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return h, &os.PathError{Op: "open", Path: resolved, Err: err}
	}
	pin := os.NewFile(uintptr(fd), resolved)
	info, err := pin.Stat()
	if err == nil && info.Mode().Type() != os.ModeSocket {
		err = fmt.Errorf("%s is no socket: %w", resolved, os.ErrInvalid)
	}
	if err != nil {
		return h, errors.Join(err, pin.Close())
	}
	h.Socket, h.pin = resolved, pin
	return h, nil
}

// pinPath is where a tool finds the socket that it was given as its second
// descriptor behind the standard ones.
const pinPath = "/proc/self/fd/4"

// dialed is the path by which this process reaches the socket.
func (h dbHost) dialed() string {
	if h.pin == nil {
		return h.Socket
	}
	return "/proc/self/fd/" + strconv.Itoa(int(h.pin.Fd()))
}

// given is the path by which a tool that gets files reaches the socket.
func (h dbHost) given() string {
	if h.pin == nil {
		return h.Socket
	}
	return pinPath
}

// files are what a tool is given: its secrets, and the socket.
func (h dbHost) files(secrets *os.File) []*os.File {
	if h.pin == nil {
		return []*os.File{secrets}
	}
	return []*os.File{secrets, h.pin}
}

// close lets go of the socket.
func (h dbHost) close() error {
	if h.pin == nil {
		return nil
	}
	return h.pin.Close()
}

// socketDir makes a directory for libpq, which wants a socket by its directory
// and number. What it holds leads to the socket that is given. The caller
// removes it.
func (h dbHost) socketDir(scratch string) (string, error) {
	dir, err := os.MkdirTemp(scratch, "socket-")
	if err != nil {
		return "", fmt.Errorf("lead to the database's socket: %w", err)
	}
	if err := os.Symlink(h.given(), filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(h.Port))); err != nil {
		return "", errors.Join(fmt.Errorf("lead to the database's socket: %w", err), os.RemoveAll(dir))
	}
	return dir, nil
}
