package backup

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"breakglass/core"
	"breakglass/core/backup/sitetree"
)

// addItem puts one thing that the walk found into the archive, or says why not.
func (r *run) addItem(it *item) error {
	if it.ready != nil {
		<-it.ready
	}
	defer func() {
		if !it.held {
			it.done()
		}
	}()
	if it.err != nil {
		return r.unreadable(it.path, it.err)
	}
	if len(r.out.top)+len("/")+len(inArchive(it.path)) >= maxPath {
		r.findings.add(newNote("archive.note.long_path", "Path", shown(it.path)))
	}
	switch mode := it.info.Mode(); {
	case mode.IsDir():
		return r.addDir(it)
	case mode.IsRegular():
		return r.addFile(it)
	case mode.Type() == fs.ModeSymlink:
		return r.addLink(it)
	default:
		why := r.findings.add(newNote("archive.note.special", "Path", shown(it.path), "Kind", specialKind(mode)))
		return r.omit(it.path, why)
	}
}

// maxPath is from which length on no system call takes a path, in bytes, and with
// it no tar that unpacks.
const maxPath = 4096

func specialKind(mode fs.FileMode) core.Said {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return core.Say("FIFO")
	case mode&fs.ModeSocket != 0:
		return core.Say("socket")
	default:
		return core.Say("device")
	}
}

// unreadable says that something could not be read. What was deleted meanwhile
// is no gap.
func (r *run) unreadable(relative string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return r.omit(relative, r.findings.add(newNote("archive.note.vanished", "Path", shown(relative))))
	}
	return r.omit(relative, r.findings.miss(newNote("archive.note.unreadable", "Path", shown(relative), "Why", reason(err))))
}

// reason is an error without the path that it repeats.
func reason(err error) core.Said {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return core.Say("permission denied")
	case errors.Is(err, fs.ErrNotExist):
		return core.Say("no such file or directory")
	case errors.Is(err, syscall.EIO):
		return core.Say("input/output error")
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return core.Said{Value: err.Error()}
}

// omit writes the line of something that was left out.
func (r *run) omit(path, why string) error {
	line := Omitted{Line: lineOmitted, Why: why}
	line.Path, line.PathB64 = setPath(inArchive(path))
	r.omitted++
	if len(r.leftOut) < maxNotes {
		r.leftOut = append(r.leftOut, line)
	}
	return r.out.line(line)
}

// inArchive is the path of something of the site within the archive.
func inArchive(relative string) string {
	switch {
	case relative == ".":
		return filesDir
	case strings.HasPrefix(relative, "/"): // included by the manager
		return outsideDir + relative
	}
	return filesDir + "/" + relative
}

// tarHeader makes a header with a file's mode, owner and time.
func (r *run) tarHeader(path string, info fs.FileInfo) *tar.Header {
	h := r.out.header(path, int64(info.Mode().Perm()), info.ModTime())
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		h.Mode, h.Uid, h.Gid = int64(stat.Mode&0o7777), int(stat.Uid), int(stat.Gid)
	}
	return h
}

// entryOf makes the manifest's line for a header.
func (r *run) entryOf(line string, h *tar.Header) Entry {
	return entryLine(line, h.Name[len(r.out.top)+1:], h)
}

func entryLine(line, path string, h *tar.Header) Entry {
	e := Entry{Line: line, Size: h.Size, Mode: fmt.Sprintf("%04o", h.Mode), MTime: h.ModTime.UTC()}
	e.Path, e.PathB64 = setPath(path)
	if h.Linkname != "" {
		e.Target, e.TargetB64 = setPath(h.Linkname)
	}
	return e
}

func (r *run) addDir(it *item) error {
	h := r.tarHeader(inArchive(it.path), it.info)
	h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
	if err := r.out.begin(h); err != nil {
		return err
	}
	h.Name = h.Name[:len(h.Name)-1]
	if err := r.out.line(r.entryOf(lineDir, h)); err != nil {
		return err
	}
	if it.leave == "" {
		return nil
	}
	return r.omit(it.path, newNote(it.leave).text(r.order.Lang))
}

func (r *run) addLink(it *item) error {
	target, err := it.in.root.Readlink(it.at)
	if err != nil {
		return r.unreadable(it.path, err)
	}
	h := r.tarHeader(inArchive(it.path), it.info)
	h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, target, 0o777
	if err := r.out.begin(h); err != nil {
		return err
	}
	entry := r.entryOf(lineLink, h)
	if r.site.root.LeadsOut(it.path) {
		entry.Note = r.findings.miss(newNote("archive.note.link_out", "Path", shown(it.path), "Target", shown(target)))
	}
	return r.out.line(entry)
}

// addFile adds a regular file, read ahead or read now.
func (r *run) addFile(it *item) error {
	if r.beside[it.path] {
		return r.omit(it.path, newNote("archive.left.sqlite").text(r.order.Lang))
	}
	if dir, name := path.Split(it.path); name == "wp-settings.php" && !r.site.HasWordPress(path.Clean("./"+dir)) {
		r.findings.miss(newNote("archive.note.deep_wordpress", "Path", shown(it.path)))
	}
	if it.ready == nil || it.ahead.large {
		return r.addLarge(it.in.root, it.at, it.path, true)
	}
	a := it.ahead
	if a.err != nil {
		return r.unreadable(it.path, a.err)
	}
	if a.sqlite {
		done, err := r.addSnapshot(it.path, a.info)
		if done || err != nil {
			return err
		}
	}
	h := r.tarHeader(inArchive(it.path), a.info)
	h.Typeflag, h.Size = tar.TypeReg, int64(len(a.data))
	if err := r.out.begin(h); err != nil {
		return err
	}
	if err := r.out.write(a.data); err != nil {
		return err
	}
	r.countFile(it.path, int64(len(a.data)))
	entry := r.entryOf(lineFile, h)
	entry.Note = r.changed(it.path, a.change, true)
	it.held = true
	return r.out.entry(entry, a.sum, it.done)
}

// countFile counts a file into the progress.
func (r *run) countFile(path string, size int64) {
	r.files++
	r.bytes += size
	r.keepRules(path)
	r.tracker.read(1, size, shown(path))
}

// addLarge streams a file, which lies at a path below root, into the archive.
func (r *run) addLarge(root sitetree.Disk, at, path string, first bool) error {
	f, info, err := sitetree.Open(root, at)
	if err != nil {
		return r.unreadable(path, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	if first && startsSQLite(f) {
		if err := f.Close(); err != nil { // before SQLite locks it
			return r.unreadable(path, err)
		}
		done, err := r.addSnapshot(path, info)
		if done || err != nil {
			return err
		}
		if f, info, err = sitetree.Open(root, at); err != nil {
			return r.unreadable(path, err)
		}
		defer f.Close() //nolint:errcheck // it was only read
	}
	return r.stream(path, f, info, first)
}

func startsSQLite(f *os.File) bool {
	start := make([]byte, len(sqliteMagic))
	n, err := f.ReadAt(start, 0)
	return (err == nil || errors.Is(err, io.EOF)) && string(start[:n]) == string(sqliteMagic)
}

func (r *run) stream(path string, f *os.File, info fs.FileInfo, first bool) error {
	reading, sum := newReading(f, info), r.sums.New()
	h := r.tarHeader(inArchive(path), info)
	h.Typeflag, h.Size = tar.TypeReg, info.Size()
	if err := r.out.begin(h); err != nil {
		return err
	}
	if err := r.out.copyIn(&telling{reading, r, shown(path)}, sum); err != nil {
		return err
	}
	change, err := reading.end()
	if err != nil {
		change, reading.broken = changeBroken, err
	}
	if first {
		r.countFile(path, 0)
	}
	r.bytes += info.Size()
	entry := r.entryOf(lineFile, h)
	entry.Note = r.changed(path, change, first)
	if change == changeBroken {
		entry.Note = r.findings.miss(newNote("archive.note.broken", "Path", shown(path), "Why", reason(reading.broken)))
	}
	return r.out.entry(entry, sum, nil)
}

// telling counts what is read into the progress.
type telling struct {
	io.Reader
	run  *run
	path string
}

// Read implements io.Reader and ends with the run.
func (t *telling) Read(p []byte) (int, error) {
	if t.run.ctx.Err() != nil {
		return 0, context.Cause(t.run.ctx)
	}
	n, err := t.Reader.Read(p)
	t.run.tracker.read(0, int64(n), t.path)
	return n, err
}

// maxAgain bounds how many files are read once more at the end.
const maxAgain = 10000

// changed says what a change while reading means: the file is read once more at
// the end, or it was and now it is noted.
func (r *run) changed(path string, change fileChange, first bool) string {
	if change == changeNone || change == changeBroken {
		return ""
	}
	what := newNote(string(change)).text(r.order.Lang)
	if first && len(r.again) < maxAgain {
		r.again = append(r.again, path)
		return newNote("archive.note.read_again", "What", what).text(r.order.Lang)
	}
	return r.findings.add(newNote("archive.note.changed", "Path", shown(path), "What", what))
}

// readAgain adds the files that changed while they were read once more. In a tar
// the later entry of a name counts.
func (r *run) readAgain() error {
	for _, path := range r.again {
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		if err := r.addLarge(r.site.root, path, path, false); err != nil {
			return err
		}
	}
	return nil
}
