package sshserver

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"

	"breakglass/core"
	"breakglass/core/view"
)

// denied is the one answer to everything that cannot be had: no name, here or
// elsewhere, is told apart from another.
const denied = sftp.ErrSSHFxPermissionDenied

// tree is the read-only tree of one session: a root with the files of an open
// grant in it, and nothing else. No path of a client ever reaches a file
// system. The library calls its methods on goroutines of its own, several at a
// time.
type tree struct {
	*session
	open atomic.Int32 // handles
}

// take counts a handle, or reports that there are enough.
func (t *tree) take() bool {
	if t.open.Add(1) > maxHandles {
		t.open.Add(-1)
		return false
	}
	return true
}

func (t *tree) give() { t.open.Add(-1) }

// answer is what the client gets to hear of an error.
func (t *tree) answer(where string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, core.ErrNotFound), errors.Is(err, core.ErrInvalid), errors.Is(err, core.ErrDenied):
		return denied
	case view.Refused(err):
		return errors.New(view.Sentence(lang, err))
	case t.ctx.Err() != nil:
		return io.EOF // the client has gone: no incident for each read that it left behind
	default:
		return errors.New(text("incident", map[string]any{"ID": t.server.incident(where, err)}))
	}
}

// Fileread implements sftp.FileReader.
func (t *tree) Fileread(r *sftp.Request) (_ io.ReaderAt, err error) {
	defer t.server.contain("sftp open", func(string) { err = sftp.ErrSSHFxFailure })
	name, ok := fileName(r.Filepath)
	if !ok || !t.take() {
		return nil, denied
	}
	opened := false
	defer func() {
		if !opened {
			t.give()
		}
	}()
	download, err := t.server.options.Console.OpenFile(t.ctx, t.actor, name)
	if err != nil {
		return nil, t.answer("sftp open", err)
	}
	opened = true
	return &handle{tree: t, download: download}, nil
}

// Filewrite implements sftp.FileWriter.
func (t *tree) Filewrite(*sftp.Request) (io.WriterAt, error) { return nil, denied }

// Filecmd implements sftp.FileCmder: renaming, removing, links, modes.
func (t *tree) Filecmd(*sftp.Request) error { return denied }

// Filelist implements sftp.FileLister.
func (t *tree) Filelist(r *sftp.Request) (_ sftp.ListerAt, err error) {
	defer t.server.contain("sftp list", func(string) { err = sftp.ErrSSHFxFailure })
	switch r.Method {
	case "List":
		return t.list(r.Filepath)
	case "Stat", "Lstat":
		return t.stat(r.Filepath)
	default: // Readlink: there are no links
		return nil, denied
	}
}

func (t *tree) list(at string) (sftp.ListerAt, error) {
	if at != "/" {
		return nil, denied
	}
	entries, err := t.entries()
	if err != nil {
		return nil, err
	}
	if !t.take() {
		return nil, denied
	}
	return &listing{tree: t, entries: entries}, nil
}

func (t *tree) stat(at string) (sftp.ListerAt, error) {
	if at == "/" {
		return &listing{entries: []os.FileInfo{entry{file: core.File{Name: "/"}, mode: fs.ModeDir | 0o500}}}, nil
	}
	name, ok := fileName(at)
	entries, err := t.entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if ok && e.Name() == name {
			return &listing{entries: []os.FileInfo{e}}, nil
		}
	}
	return nil, denied
}

// entries is what the root holds just now.
func (t *tree) entries() ([]os.FileInfo, error) {
	files, err := t.server.options.Console.Files(t.ctx, t.actor)
	if err != nil {
		return nil, t.answer("sftp list", err)
	}
	out := make([]os.FileInfo, len(files))
	for i, f := range files {
		out[i] = entry{file: f, mode: 0o400}
	}
	return out, nil
}

// fileName turns a client's path into the name of a file in the root. Whatever
// is not directly in the root has none.
func fileName(at string) (string, bool) {
	dir, name := path.Split(path.Clean("/" + at))
	return name, dir == "/" && name != ""
}

// handle is an open file. The grant may end under it: then its reads fail.
type handle struct {
	tree     *tree
	download *core.Download
	closed   atomic.Bool
}

// ReadAt implements io.ReaderAt.
func (h *handle) ReadAt(p []byte, offset int64) (n int, err error) {
	defer h.tree.server.contain("sftp read", func(string) { n, err = 0, sftp.ErrSSHFxFailure })
	if offset < 0 {
		return 0, denied
	}
	n, err = h.download.ReadAt(p, offset)
	if n > 0 && errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	return n, h.tree.answer("sftp read", err)
}

// Close implements io.Closer.
func (h *handle) Close() (err error) {
	defer h.tree.server.contain("sftp close", func(string) { err = sftp.ErrSSHFxFailure })
	if h.closed.Swap(true) {
		return nil
	}
	h.tree.give()
	return h.tree.answer("sftp close", h.download.Close())
}

// listing is an open directory, or one file to tell of.
type listing struct {
	tree    *tree // nil where no handle stays open
	entries []os.FileInfo
	closed  atomic.Bool
}

// ListAt implements sftp.ListerAt.
func (l *listing) ListAt(out []os.FileInfo, offset int64) (int, error) {
	if offset < 0 || offset >= int64(len(l.entries)) {
		return 0, io.EOF
	}
	n := copy(out, l.entries[offset:])
	if n < len(out) {
		return n, io.EOF
	}
	return n, nil
}

// Close implements io.Closer.
func (l *listing) Close() error {
	if l.tree != nil && !l.closed.Swap(true) {
		l.tree.give()
	}
	return nil
}

// entry implements os.FileInfo for a file of the console.
type entry struct {
	file core.File
	mode fs.FileMode
}

// Name implements os.FileInfo.
func (e entry) Name() string { return e.file.Name }

// Size implements os.FileInfo.
func (e entry) Size() int64 { return e.file.Size }

// Mode implements os.FileInfo.
func (e entry) Mode() fs.FileMode { return e.mode }

// ModTime implements os.FileInfo.
func (e entry) ModTime() time.Time { return e.file.Time }

// IsDir implements os.FileInfo.
func (e entry) IsDir() bool { return e.mode.IsDir() }

// Sys implements os.FileInfo.
func (e entry) Sys() any { return nil }
