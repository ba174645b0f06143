package restore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// The names in the directory beside the target.
const (
	archiveDir = "archive" // all of the archive; files/ leaves it by the rename
	filesDir   = archiveDir + "/files"
	reportName = "report.txt"
)

// staging unpacks an archive into the directory beside the target. It goes
// through os.Root: whatever a name or a link says, nothing is written elsewhere.
// It implements backup.Sink.
type staging struct {
	root   *os.Root // the directory beside the target
	path   string   // of that
	place  place
	budget budget

	dir    string   // the directory at hand
	at     *openDir // that directory, opened
	making *making
	links  int
	bits   int // files whose setuid, setgid or sticky bits were dropped
}

// openStaging opens the directory beside the target, which must be there.
func openStaging(p place) (*staging, error) {
	root, err := os.OpenRoot(p.beside)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if err := root.Mkdir(archiveDir, 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("unpack: %w", err), root.Close())
	}
	return &staging{root: root, path: p.beside, place: p, budget: budget{dir: p.beside}, making: newMaking(p)}, nil
}

// Close waits for the files that are being made, and closes the directories.
func (s *staging) Close() error {
	s.making.Close()
	if s.at != nil {
		s.at.free()
		s.at = nil
	}
	return s.root.Close()
}

// enter makes the parent of a path the directory at hand.
func (s *staging) enter(name string) (base string, err error) {
	dir, base := path.Split(archiveDir + "/" + name)
	dir = path.Clean(dir)
	if s.at != nil && s.dir == dir {
		return base, nil
	}
	if err := s.straight(dir); err != nil {
		return "", err
	}
	at, err := s.root.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) { // a folder of the archive itself has no entry
		if err = s.root.MkdirAll(dir, 0o700); err == nil {
			at, err = s.root.OpenRoot(dir)
		}
	}
	if err != nil {
		return "", err
	}
	if s.at != nil {
		s.at.free()
	}
	s.dir, s.at = dir, newOpenDir(at)
	return base, nil
}

// straight refuses a directory that is reached through a link of the archive. The
// order of names keeps all others from there, but a file that claims to be read
// once more is only found out at the end of the archive; until then it could
// change what lies beside that, such as the state of the restore. The way to the
// directory at hand has been looked at.
func (s *staging) straight(dir string) error {
	for i, c := range dir + "/" {
		if c != '/' || strings.HasPrefix(s.dir+"/", dir[:i]+"/") {
			continue
		}
		switch info, err := s.root.Lstat(dir[:i]); {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !info.IsDir():
			return &fs.PathError{Op: "open", Path: dir[:i], Err: syscall.ENOTDIR}
		}
	}
	return nil
}

// Dir implements backup.Sink. Modes and times come at the end: see settle.
func (s *staging) Dir(e backup.Entry) error {
	name, base, err := s.begin(e)
	if err != nil {
		return err
	}
	err = s.at.Mkdir(base, 0o700)
	if err == nil {
		err = s.give(base)
	}
	if err != nil {
		return stagingError(name, err)
	}
	return nil
}

// Link implements backup.Sink.
func (s *staging) Link(e backup.Entry) error {
	name, base, err := s.begin(e)
	if err != nil {
		return err
	}
	target, err := e.ExactTarget()
	if err != nil {
		return err
	}
	if err = s.at.Symlink(target, base); err == nil {
		err = s.give(base)
	}
	if err != nil {
		return stagingError(name, err)
	}
	s.links++
	return nil
}

// File implements backup.Sink.
func (s *staging) File(e backup.Entry) (io.WriteCloser, error) {
	name, base, err := s.begin(e)
	if err != nil {
		return nil, err
	}
	mode, err := strconv.ParseUint(e.Mode, 8, 32)
	if err != nil {
		return nil, stagingError(name, err)
	}
	if mode&^0o777 != 0 {
		s.bits++
	}
	if err := s.making.behind(name); err != nil {
		return nil, err
	}
	if e.Size <= smallFileSize {
		s.budget.since += e.Size
		return s.making.begin(name, base, s.at, e), nil
	}
	f, err := create(s.at.Root, base)
	if err != nil {
		return nil, stagingError(name, err)
	}
	return &stagedFile{File: f, staging: s, base: base, at: s.at.Root, entry: e}, nil
}

// begin takes the place of an entry, if there is room for it.
func (s *staging) begin(e backup.Entry) (name, base string, err error) {
	if name, err = e.ExactPath(); err != nil {
		return "", "", err
	}
	if err := s.budget.take(name, e.Size); err != nil {
		return "", "", err
	}
	if base, err = s.enter(name); err != nil {
		return "", "", stagingError(name, err)
	}
	return name, base, nil
}

// give makes a directory or link its owner's.
func (s *staging) give(base string) error {
	if s.place.uid < 0 {
		return nil
	}
	return s.at.Lchown(base, s.place.uid, s.place.gid)
}

// stagingError says which entry could not be made.
func stagingError(name string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return noSpace(err)
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		return &core.Refusal{
			Kind: core.ErrInvalid, Cause: err,
			Detail: fmt.Sprintf("“%s” stands twice in the archive, or out of order; this archive was tampered with.", safetext.Line(safetext.Path(name))),
		}
	}
	return fmt.Errorf("unpack %s: %w", safetext.Path(name), err)
}

func noSpace(err error) error {
	return &core.Refusal{
		Kind: core.ErrNoSpace, Cause: err,
		Detail: "The disk became full while the archive was unpacked. What was unpacked was removed again; make room, or choose a directory on another disk, and start again.",
	}
}

// stagedFile is a large file that is being unpacked.
type stagedFile struct {
	*os.File
	staging *staging
	base    string // in the directory at
	at      *os.Root
	entry   backup.Entry
}

// Write implements io.Writer.
func (f *stagedFile) Write(p []byte) (int, error) {
	f.staging.budget.since += int64(len(p))
	n, err := f.File.Write(p)
	if err != nil {
		return n, stagingError(f.entry.Path, err)
	}
	return n, nil
}

// Close gives the file its mode, its owner and its time.
func (f *stagedFile) Close() error {
	if err := finish(f.File, f.base, f.at, f.entry, f.staging.place); err != nil {
		return stagingError(f.entry.Path, err)
	}
	return nil
}

// budget holds an archive to the room that there is. That it unpacks to no more
// than data can is seen to by backup.Read.
type budget struct {
	dir string

	room  int64 // that was left when it was measured
	files int64
	since int64 // bytes since then
}

// The bounds of what an archive may unpack to.
const (
	keptFree    = 32 << 20  // bytes that a disk keeps
	measureEach = 256 << 20 // bytes between two looks at the disk
)

// take refuses an entry that there is no room for.
func (b *budget) take(name string, size int64) error {
	b.files--
	if b.files <= 0 || b.since >= measureEach {
		if err := b.measure(); err != nil {
			return err
		}
	}
	if size < 0 || size > b.room-b.since {
		if err := b.measure(); err != nil {
			return err
		}
	}
	switch {
	case b.files < 0:
		return core.Refuse(core.ErrNoSpace, "The disk has no room for more files. What was unpacked was removed again; choose a directory on another disk.")
	case size < 0 || size > b.room:
		return core.Refuse(core.ErrNoSpace, "There is no room for “%s”: it takes %s, and %s are free. What was unpacked was removed again; make room, or choose a directory on another disk, and start again.",
			safetext.Line(safetext.Path(name)), view.Size("", size), view.Size("", max(0, b.room)))
	}
	return nil
}

// filesEach is how many files are made between two looks at the disk.
const filesEach = 1000

func (b *budget) measure() error {
	bytes, files, err := free(b.dir)
	if err != nil {
		return err
	}
	b.room, b.since, b.files = bytes-keptFree, 0, min(files-1, filesEach)
	return nil
}
