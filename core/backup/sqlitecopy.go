package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"breakglass/core/backup/sitetree"

	"golang.org/x/sys/unix"
)

// copyTries is how often a database that changes while it is copied is copied
// anew.
const copyTries = 8

// roomLeft is what a snapshot leaves free on the disk of scratch, in bytes.
const roomLeft = 32 << 20

// room refuses, as a full disk would, a database whose two copies do not fit:
// a backup must not fill the disk that the site itself may write to.
func room(root sitetree.Disk, relative, scratch string) error {
	need := uint64(roomLeft)
	for _, suffix := range databaseParts {
		if info, err := root.Lstat(relative + suffix); err == nil && info.Mode().IsRegular() {
			need += 2 * uint64(max(0, info.Size()))
		}
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(scratch, &disk); err != nil {
		return fmt.Errorf("look at %s: %w", scratch, err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < need { //nolint:gosec,unconvert // a block has a size
		return fmt.Errorf("%d bytes are free and %d are needed: %w", free, need, syscall.ENOSPC)
	}
	return nil
}

// databaseParts are the files of a database in the order in which they are
// copied: the database last, as it changes last.
var databaseParts = []string{"-wal", "-journal", ""}

// copyDatabase copies a SQLite database with its log and its journal to a private
// path. It fails with errTorn when the database or its journal changed
// meanwhile: only what stood still for the whole time is what a crash at that
// moment would have left, and that is what SQLite knows how to mend. A log may
// grow: its start is what it was a moment ago, as long as the database that it
// belongs to stood still (https://sqlite.org/walformat.html).
func copyDatabase(ctx context.Context, root sitetree.Disk, relative, private string) (err error) {
	var parts []*databasePart
	defer func() {
		for _, p := range parts {
			err = errors.Join(err, p.close())
		}
	}()
	for _, suffix := range databaseParts {
		p, err := openPart(root, relative+suffix)
		if err != nil {
			return err
		}
		parts = append(parts, p)
	}
	for i, p := range parts {
		if err := p.copyTo(ctx, private+databaseParts[i]); err != nil {
			return err
		}
	}
	log, journal, database := parts[0], parts[1], parts[2]
	if !database.still(root) || !journal.still(root) || !log.still(root) && !log.grew(root, private+"-wal") {
		return errTorn
	}
	return refuseSuper(private + "-journal")
}

// superMagic ends a journal that names a super-journal (SQLite's file format,
// 3.1 and 3.5 of https://sqlite.org/atomiccommit.html).
var superMagic = []byte{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7}

// refuseSuper refuses a journal of a transaction over several databases: beside
// a private copy SQLite would not find the super-journal that the journal names,
// and take half a transaction for a whole one.
func refuseSuper(journal string) (err error) {
	file, err := os.Open(journal) //nolint:gosec // a path of our own
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end := make([]byte, len(superMagic))
	info, err := file.Stat()
	if err != nil || info.Size() < int64(len(end)) {
		return err
	}
	if _, err := file.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return err
	}
	if bytes.Equal(end, superMagic) {
		return errors.New("a transaction over several databases had begun")
	}
	return nil
}

// databasePart is a file of a database, or one that is not there.
type databasePart struct {
	path string
	file *os.File // nil: it was not there
	info fs.FileInfo
}

// openPart opens a regular file only: a FIFO, a device or a link in its place is
// an error.
func openPart(root sitetree.Disk, relative string) (*databasePart, error) {
	file, info, err := sitetree.Open(root, relative)
	if errors.Is(err, fs.ErrNotExist) {
		return &databasePart{path: relative}, nil
	}
	if err != nil {
		return nil, err
	}
	return &databasePart{relative, file, info}, nil
}

func (p *databasePart) close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// copyTo copies exactly what stood there when it was opened; what is not there,
// or empty, is not there in the copy either.
func (p *databasePart) copyTo(ctx context.Context, private string) (err error) {
	if err := os.Remove(private); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if p.file == nil || p.info.Size() == 0 {
		return nil
	}
	out, err := os.OpenFile(private, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	source := &untilEnd{ctx, io.NewSectionReader(p.file, 0, p.info.Size())}
	n, err := io.Copy(out, source)
	if err == nil && n != p.info.Size() {
		err = errTorn
	}
	if err != nil {
		return fmt.Errorf("copy %s: %w", p.path, err)
	}
	return nil
}

// still reports whether the file is the one that was copied, unchanged.
func (p *databasePart) still(root sitetree.Disk) bool {
	named, err := root.Lstat(p.path)
	if p.file == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	now, statErr := p.file.Stat()
	return err == nil && statErr == nil && os.SameFile(named, now) && now.Size() == p.info.Size() && sameTimes(now, p.info)
}

// walHeader is the size of a log's header, in bytes. It changes whenever the log
// begins anew.
const walHeader = 32

// grew reports whether a log was only added to since it was copied.
func (p *databasePart) grew(root sitetree.Disk, private string) bool {
	if p.file == nil || p.info.Size() < walHeader {
		return false
	}
	named, err := root.Lstat(p.path)
	now, statErr := p.file.Stat()
	if err != nil || statErr != nil || !os.SameFile(named, now) || now.Size() < p.info.Size() {
		return false
	}
	was, err := os.Open(private) //nolint:gosec // a path of our own
	if err != nil {
		return false
	}
	defer was.Close() //nolint:errcheck // it was only read
	var before, after [walHeader]byte
	_, err = was.ReadAt(before[:], 0)
	_, nowErr := p.file.ReadAt(after[:], 0)
	return err == nil && nowErr == nil && before == after
}

// untilEnd reads until its context ends.
type untilEnd struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (r *untilEnd) Read(b []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(b)
}
