package restore

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"breakglass/core/backup"
	"breakglass/core/safetext"
)

// settled says what was done when all was unpacked.
type settled struct {
	turned int64 // links into the old directory that point into the new one now
	out    []string
	outs   int64 // links that lead out of the site
}

// maxOdd bounds the directories that get their mode last, because nobody could
// work in them with it.
const maxOdd = 100_000

// maxNamed bounds the names that a report gives of one kind.
const maxNamed = 20

// settle gives directories the modes and times that the manifest has for them,
// and turns links into the site's old directory to the new one. It reads the
// manifest, which has been proved by now, so that no list is in memory.
func (s *staging) settle(oldRoot string) (done settled, err error) {
	if err := s.making.wait(); err != nil {
		return done, err
	}
	f, err := s.root.Open(archiveDir + "/MANIFEST.jsonl")
	if err != nil {
		return done, fmt.Errorf("settle: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var odd []backup.Entry
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return done, fmt.Errorf("settle: %w", err)
		}
		var e backup.Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return done, fmt.Errorf("settle: %w", err)
		}
		switch e.Line {
		case "dir":
			if e.Path == "files" || modeOf(e)&0o700 == 0o700 || len(odd) >= maxOdd {
				err = s.settleDir(e, 0o700)
			} else {
				odd = append(odd, e)
			}
		case "link":
			err = s.settleLink(e, oldRoot, &done)
		}
		if err != nil {
			return done, fmt.Errorf("settle %s: %w", safetext.Line(safetext.Path(e.Path)), err)
		}
	}
	for _, e := range slices.Backward(odd) {
		if err := s.settleDir(e, 0); err != nil {
			return done, fmt.Errorf("settle %s: %w", safetext.Line(safetext.Path(e.Path)), err)
		}
	}
	return done, nil
}

// modeOf reads an entry's mode, without the bits that are dropped.
func modeOf(e backup.Entry) fs.FileMode {
	mode, _ := strconv.ParseUint(e.Mode, 8, 32) //nolint:errcheck // it was compared with the archive's own
	return fs.FileMode(mode & 0o777)
}

func (s *staging) settleDir(e backup.Entry, atLeast fs.FileMode) error {
	name, err := e.ExactPath()
	if err != nil {
		return err
	}
	name = archiveDir + "/" + name
	if err := s.root.Chmod(name, modeOf(e)|atLeast); err != nil {
		return err
	}
	return s.root.Chtimes(name, e.MTime, e.MTime)
}

// settleLink turns a link that pointed into the site's old directory. Where that
// leads is inside the target again.
func (s *staging) settleLink(e backup.Entry, oldRoot string, done *settled) error {
	name, err := e.ExactPath()
	if err != nil {
		return err
	}
	target, err := e.ExactTarget()
	if err != nil {
		return err
	}
	inside, ok := strings.CutPrefix(target, strings.TrimSuffix(oldRoot, "/")+"/")
	if oldRoot == "" || !ok || !strings.HasPrefix(name, "files/") {
		if !staysInside(name, target) {
			done.outs++
			if len(done.out) < maxNamed {
				done.out = append(done.out, name+" → "+target)
			}
		}
		return nil
	}
	if s.place.target+"/"+inside == target {
		return nil
	}
	staged := archiveDir + "/" + name
	if err := s.root.Remove(staged); err != nil {
		return err
	}
	if err := s.root.Symlink(s.place.target+"/"+inside, staged); err != nil {
		return err
	}
	done.turned++
	if s.place.uid < 0 {
		return nil
	}
	return s.root.Lchown(staged, s.place.uid, s.place.gid)
}

// staysInside reports whether a relative link of the site's files leads to a
// place among them.
func staysInside(name, target string) bool {
	if path.IsAbs(target) {
		return false
	}
	to := path.Join(path.Dir(name), target)
	return to == "files" || strings.HasPrefix(to, "files/")
}

// lay makes sure that there are files to move in: an archive of a database alone has
// none.
func (s *staging) lay() error {
	if err := s.root.MkdirAll(filesDir, 0o755); err != nil {
		return fmt.Errorf("place files: %w", err)
	}
	return nil
}

// moveIn renames the site's files into their place, in one step, unless they are
// there already: it comes behind the state that says so.
func (p place) moveIn() error {
	from := filepath.Join(p.beside, filesDir)
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := rename(from, p.target); err != nil {
		return err
	}
	return syncDir(filepath.Dir(p.target))
}

// discard removes all that was unpacked, whatever the modes of directories.
func discard(p place) error {
	_ = os.Chmod(p.beside, 0o700) //nolint:errcheck,gosec // it may be gone
	return os.RemoveAll(p.beside)
}
