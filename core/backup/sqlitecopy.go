package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// copyTries is how often a database that changes while it is copied is copied
// anew.
const copyTries = 8

// copyDatabase copies a SQLite database with its log and its journal to a private
// path. It fails with errTorn when one of them changed meanwhile: only what
// stood still for the whole time is what a crash at that moment would have left,
// and that is what SQLite knows how to mend.
func copyDatabase(ctx context.Context, root *os.Root, relative, private string) (err error) {
	var parts []*databasePart
	defer func() {
		for _, p := range parts {
			err = errors.Join(err, p.close())
		}
	}()
	for _, suffix := range []string{"-wal", "-journal", ""} { // the database last: it changes last
		p, err := openPart(root, relative+suffix)
		if err != nil {
			return err
		}
		parts = append(parts, p)
		if err := p.copyTo(ctx, private+suffix); err != nil {
			return err
		}
	}
	for _, p := range parts {
		if !p.still(root) {
			return errTorn
		}
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
func openPart(root *os.Root, relative string) (*databasePart, error) {
	file, info, err := openFile(root, relative)
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
func (p *databasePart) still(root *os.Root) bool {
	named, err := root.Lstat(p.path)
	if p.file == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	now, statErr := p.file.Stat()
	return err == nil && statErr == nil && os.SameFile(named, now) && now.Size() == p.info.Size() && sameTimes(now, p.info)
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
