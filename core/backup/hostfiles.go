package backup

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"breakglass/core/backup/sitetree"
)

// hostFiles reads the machine's own files as the console's user, below a
// directory that tests own. It changes nothing and runs nothing.
type hostFiles struct {
	root   string   // "" where the machine is not to be read
	unseen []string // what this user may not read
}

// maxUnseen bounds how many unreadable places are named.
const maxUnseen = 20

// glob returns what matches a pattern, sorted, as paths of the machine. A
// directory that may not be listed is unseen.
func (h *hostFiles) glob(pattern string) []string {
	if h.root == "" {
		return nil
	}
	dir := filepath.Dir(pattern)
	if !strings.ContainsAny(dir, "*?[") {
		if f, err := os.Open(filepath.Join(h.root, dir)); err == nil {
			f.Close() //nolint:errcheck,gosec // nothing was read
		} else {
			h.lack(dir, err)
		}
	}
	found, err := filepath.Glob(filepath.Join(h.root, pattern))
	if err != nil {
		return nil
	}
	for i, path := range found {
		found[i] = filepath.Join("/", strings.TrimPrefix(path, filepath.Clean(h.root)))
	}
	return found
}

// lack keeps what may not be read. What is not there is none.
func (h *hostFiles) lack(path string, err error) {
	if errors.Is(err, fs.ErrPermission) && len(h.unseen) < maxUnseen && !slices.Contains(h.unseen, path) {
		h.unseen = append(h.unseen, path)
	}
}

// read returns a file of at most sitetree.MaxSmall bytes, "" where there is none. A
// device or a FIFO is not opened for long: nothing is waited for.
func (h *hostFiles) read(path string) string {
	if h.root == "" {
		return ""
	}
	f, err := os.OpenFile(filepath.Join(h.root, path), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		h.lack(path, err)
		return ""
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(f, sitetree.MaxSmall))
	if err != nil {
		return ""
	}
	return string(text)
}

// link returns where a symbolic link of the machine leads in the end, at most
// three links on, "" where there is none.
func (h *hostFiles) link(path string) string {
	if h.root == "" {
		return ""
	}
	end := ""
	for range 3 {
		target, err := os.Readlink(filepath.Join(h.root, path))
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		end, path = target, target
	}
	return end
}

// exists reports whether there is something at a path.
func (h *hostFiles) exists(path string) bool {
	if h.root == "" {
		return false
	}
	_, err := os.Lstat(filepath.Join(h.root, path))
	return err == nil
}
