package backup

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"breakglass/core/backup/detect"
	"breakglass/core/backup/pairsum"
	"breakglass/core/backup/sitetree"

	"golang.org/x/sys/unix"
)

// reading is one reading of a file: exactly the size that it had when it was
// opened, whatever happens to it meanwhile.
type reading struct {
	file   *os.File
	info   fs.FileInfo
	left   int64
	shrunk bool
	broken error // a read error other than the end
	hole   int64 // bytes up to the next data: zeros that nobody wrote
	look   int64 // from where on to look for the next hole
	whole  bool  // there is no hole ahead
}

func newReading(f *os.File, info fs.FileInfo) *reading {
	r := &reading{file: f, info: info, left: info.Size(), whole: true}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Blocks*512 < info.Size() {
		r.whole = false // it takes less room than it has bytes
	}
	return r
}

// minHole is from which size on a hole is worth looking for.
const minHole = 1 << 20

// skipHole finds the hole, if any, that a file of holes has where it is read:
// reading it would fill the memory of the machine with zeros.
func (r *reading) skipHole() {
	at := r.info.Size() - r.left
	if r.hole > 0 || r.whole || at < r.look {
		return
	}
	r.look = at + minHole
	next, err := unix.Seek(int(r.file.Fd()), at, unix.SEEK_DATA)
	switch {
	case errors.Is(err, syscall.ENXIO):
		next = r.info.Size()
	case err != nil:
		r.whole = true // this file system knows of no holes
		return
	}
	r.hole = min(next-at, r.left)
	if _, err := r.file.Seek(at+r.hole, io.SeekStart); err != nil {
		r.whole, r.broken, r.shrunk = true, err, true
	}
}

// Read implements io.Reader. A file that shrank is filled up with zeros.
func (r *reading) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.left)]
	n := 0
	if r.skipHole(); r.hole > 0 && !r.shrunk {
		n = int(min(int64(len(p)), r.hole))
		clear(p[:n])
		r.hole -= int64(n)
	} else if !r.shrunk {
		var err error
		if n, err = r.file.Read(p); err != nil || n == 0 {
			r.shrunk = true
			if err != nil && !errors.Is(err, io.EOF) {
				r.broken = err
			}
		}
	}
	if r.shrunk && n == 0 {
		clear(p)
		n = len(p)
	}
	r.left -= int64(n)
	return n, nil
}

// end says what happened to the file while it was read.
func (r *reading) end() (change fileChange, err error) {
	if r.broken != nil {
		return changeBroken, nil
	}
	now, err := r.file.Stat()
	if err != nil {
		return changeNone, err
	}
	switch {
	case r.shrunk || now.Size() < r.info.Size():
		return changeShrunk, nil
	case now.Size() > r.info.Size():
		return changeGrew, nil
	case !sameTimes(now, r.info):
		return changeContent, nil
	default:
		return changeNone, nil
	}
}

func sameTimes(a, b fs.FileInfo) bool {
	x, xok := a.Sys().(*syscall.Stat_t)
	y, yok := b.Sys().(*syscall.Stat_t)
	return xok && yok && x.Mtim == y.Mtim && x.Ctim == y.Ctim
}

// fileChange is what happened to a file while it was read. Its value is the ID
// of the text that says so.
type fileChange string

const (
	changeNone    fileChange = ""
	changeShrunk  fileChange = "archive.change.shrunk"
	changeGrew    fileChange = "archive.change.grew"
	changeContent fileChange = "archive.change.content"
	changeBroken  fileChange = "archive.change.broken"
)

// smallFile is up to which size files are read ahead into memory.
const smallFile = 256 << 10

// sqliteMagic is how every SQLite database begins.
var sqliteMagic = []byte(detect.SQLiteMagic)

// ahead is a small file that was read before its turn.
type ahead struct {
	info   fs.FileInfo
	data   []byte
	sum    *pairsum.Sum // of data, begun
	change fileChange
	sqlite bool
	large  bool // too large to be read ahead
	err    error
}

// readAhead reads a small file whole. Whoever is the next to hash takes it along.
func readAhead(root sitetree.Disk, relative string, buffer []byte, sum *pairsum.Sum) (a ahead) {
	f, info, err := sitetree.Open(root, relative)
	if err != nil {
		return ahead{err: err}
	}
	defer f.Close() //nolint:errcheck // it was only read
	a.info = info
	if info.Size() > int64(len(buffer)) {
		a.large = true
		return a
	}
	r := newReading(f, info)
	a.data = buffer[:info.Size()]
	if _, err := io.ReadFull(r, a.data); err != nil {
		a.err = err
		return a
	}
	a.sqlite = bytes.HasPrefix(a.data, sqliteMagic)
	a.change, a.err = r.end()
	if a.change == changeBroken {
		a.err = r.broken
	}
	a.sum = sum
	a.sum.Begin(a.data)
	return a
}
