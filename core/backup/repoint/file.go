package repoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"breakglass/core"
	"breakglass/core/safetext"
)

// maxConfig is how large a configuration may be.
const maxConfig = 1 << 20

// readFile reads a configuration. A link is refused: what is written would not
// be what is read. A file that is not there is fs.ErrNotExist.
func readFile(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fs.ErrNotExist
		}
		return nil, unusable(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, unusable(name, nil)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unusable(name, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	opened, err := f.Stat()
	if err != nil || !os.SameFile(info, opened) {
		return nil, unusable(name, err)
	}
	src, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, unusable(name, err)
	}
	if len(src) > maxConfig {
		return nil, core.Refuse(core.ErrSite, "%s is far too large for a configuration; change it by hand.", safetext.Line(name))
	}
	return src, nil
}

func unusable(name string, cause error) error {
	return &core.Refusal{
		Kind: core.ErrSite, Cause: cause,
		Detail: fmt.Sprintf("%s is a link, is no plain file, or cannot be read, so it was left as it is; put the file itself there and try again.", safetext.Line(name)),
	}
}
