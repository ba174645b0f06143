package restore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"breakglass/core/safetext"
)

// envFiles are where a program with a .env keeps it: in the site's directory, or one
// above where that is its public/. Of what is set twice the later counts.
var envFiles = []string{".env", ".env.local"}

// envAddresses are the variables that hold a site's own address: of Laravel and those
// that took its name, of Bedrock, and of Symfony.
var envAddresses = []string{"APP_URL", "WP_HOME", "DEFAULT_URI"}

// maxEnv bounds a .env file, in bytes.
const maxEnv = 1 << 20

// searchEnv looks for the old address in the .env files of the site.
func (r *run) searchEnv() ([]string, error) {
	for _, dir := range []string{r.place.target, filepath.Join(r.place.beside, archiveDir, "outside")} {
		var all []byte
		for _, name := range envFiles {
			text, err := readEnv(dir, name)
			if err != nil {
				return nil, fmt.Errorf("look for the old address in %s: %w", safetext.Line(safetext.Path(filepath.Join(dir, name))), err)
			}
			all = append(append(all, text...), '\n')
		}
		if address := envAddress(all); address != "" {
			return []string{address}, nil
		}
	}
	return nil, nil
}

// readEnv reads a file in a directory; nothing where there is none.
func readEnv(dir, name string) (text []byte, err error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return readBelow(root, name)
}

// readBelow reads a small file below a directory; nothing where there is none. A
// link that leads out of the directory is none: what it names is not of the archive.
func readBelow(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil //nolint:nilerr // it is none that can be read
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return io.ReadAll(io.LimitReader(f, maxEnv))
}

var envLine = regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+)?([A-Z_]+)[ \t]*=[ \t]*["']?(https?://[^\s"'#$]+)["']?[ \t]*(?:#.*)?\r?$`)

// envAddress returns the address that a .env file gives the site; "" where it names
// none, or computes it. A machine's own, which developers leave there, is none: it
// would be put in the place of what belongs to the old server alone.
func envAddress(text []byte) string {
	found := map[string]string{}
	for _, m := range envLine.FindAllSubmatch(text, -1) {
		found[string(m[1])] = string(m[2])
	}
	for _, name := range envAddresses {
		if url := address(found[name]); url != "" {
			return url
		}
	}
	return ""
}

var loopbackAddress = regexp.MustCompile(`^https?://(?:localhost|127\.[0-9.]+|\[::1\])(?:[:/]|$)`)
