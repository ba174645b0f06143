package restore

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"breakglass/core/backup"
)

// Making a file takes a file system longer than writing a small one, and most of
// a site's files are small. So these are collected in memory and made by a few
// goroutines, while the archive is read and hashed on.
const (
	smallFileSize = 256 << 10 // bytes
	smallFiles    = 16        // that wait or are being made
	makers        = 3
)

// making makes small files on goroutines of its own. Its methods are for one
// goroutine; Close must follow.
type making struct {
	place place
	rooms chan []byte
	work  chan *smallFile
	done  sync.WaitGroup // the goroutines

	mu       sync.Mutex // held for a few instructions only
	idle     *sync.Cond // nothing is under way
	underway map[string]struct{}
	failed   error // the first
}

func newMaking(p place) *making {
	m := &making{place: p, rooms: make(chan []byte, smallFiles), work: make(chan *smallFile, smallFiles), underway: map[string]struct{}{}}
	m.idle = sync.NewCond(&m.mu)
	for range smallFiles {
		m.rooms <- make([]byte, 0, smallFileSize)
	}
	for range makers {
		m.done.Go(func() {
			for f := range m.work {
				m.end(f, f.make(m.place))
			}
		})
	}
	return m
}

// behind waits for a file of the same name, if one is under way: the later
// content counts. It returns the first error of what was made so far.
func (m *making) behind(name string) error {
	m.mu.Lock()
	_, twice := m.underway[name]
	err := m.failed
	m.mu.Unlock()
	if twice {
		return m.wait()
	}
	return err
}

// begin begins a file.
func (m *making) begin(name, base string, at *openDir, e backup.Entry) *smallFile {
	at.keep()
	f := &smallFile{making: m, name: name, base: base, at: at, entry: e, data: <-m.rooms}
	m.mu.Lock()
	m.underway[name] = struct{}{}
	m.mu.Unlock()
	return f
}

// end is called by whoever made a file.
func (m *making) end(f *smallFile, err error) {
	f.at.free()
	m.rooms <- f.data[:0]
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed == nil {
		m.failed = err
	}
	if delete(m.underway, f.name); len(m.underway) == 0 {
		m.idle.Broadcast()
	}
}

// wait waits until all files are made that were begun, and returns the first
// error.
func (m *making) wait() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.underway) > 0 {
		m.idle.Wait()
	}
	return m.failed
}

// Close waits for the goroutines to end.
func (m *making) Close() {
	close(m.work)
	m.done.Wait()
}

// smallFile is a small file that is being unpacked.
type smallFile struct {
	making *making
	name   string // in the archive
	base   string // in the directory at
	at     *openDir
	entry  backup.Entry
	data   []byte
}

// Write implements io.Writer.
func (f *smallFile) Write(p []byte) (int, error) {
	f.data = append(f.data, p...)
	return len(p), nil
}

// Close hands the file to those who make it. What became of it is told later.
func (f *smallFile) Close() error {
	f.making.work <- f
	return nil
}

// make makes the file with its content, mode, owner and time.
func (f *smallFile) make(p place) error {
	file, err := create(f.at.Root, f.base)
	if err != nil {
		return stagingError(f.name, err)
	}
	_, err = file.Write(f.data)
	if err = errors.Join(err, finish(file, f.base, f.at.Root, f.entry, p)); err != nil {
		return stagingError(f.name, err)
	}
	return nil
}

// create makes a file, in the place of an earlier reading of it.
func create(at *os.Root, base string) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL | syscall.O_NOFOLLOW
	file, err := at.OpenFile(base, flags, 0o600)
	if !errors.Is(err, fs.ErrExist) {
		return file, err
	}
	if info, looked := at.Lstat(base); looked != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	if err := at.Remove(base); err != nil {
		return nil, err
	}
	return at.OpenFile(base, flags, 0o600)
}

// finish closes a file that was written, and gives it its mode, owner and time.
func finish(file *os.File, base string, at *os.Root, e backup.Entry, p place) error {
	err := file.Chmod(modeOf(e))
	if p.uid >= 0 {
		err = errors.Join(err, file.Chown(p.uid, p.gid))
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return at.Chtimes(base, e.MTime, e.MTime)
}

// openDir is a directory that is open as long as somebody works in it. It is
// safe for concurrent use.
type openDir struct {
	*os.Root
	users atomic.Int32
}

// newOpenDir returns an open directory with one user.
func newOpenDir(root *os.Root) *openDir {
	d := &openDir{Root: root}
	d.users.Store(1)
	return d
}

func (d *openDir) keep() { d.users.Add(1) }

// free closes the directory behind its last user.
func (d *openDir) free() {
	if d.users.Add(-1) == 0 {
		_ = d.Close() // nothing is written through it any more
	}
}
