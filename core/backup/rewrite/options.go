package rewrite

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"breakglass/core"
)

// Pair is something old and what takes its place.
type Pair struct{ Old, New string }

// Options say what to replace.
type Options struct {
	// URLs are addresses of the site: http or https, a host, if need be a port
	// and a path. A slash at the end means nothing. Pairs of which both sides
	// are the same do nothing.
	URLs []Pair
	// Paths are absolute directories, with slashes.
	Paths []Pair
	// MaxValue is the size in bytes, as it stands in the dump, above which a
	// value is left as it is and counted; memory in use stays below about six
	// times that. Zero stands for 64 MiB.
	MaxValue int
}

// defaultMaxValue is MaxValue where none is given.
const defaultMaxValue = 64 << 20

// Rewriter replaces what its Options say. It holds no state of a run and is safe
// for concurrent use.
type Rewriter struct {
	sites []site
	dirs  []dir
	max   int
	room  int // of a window
	find  *finder
}

// site is one old URL: host and port in lower case, path without a slash at its
// end, and its new URL cut the same way.
type site struct {
	host, port string
	path       []string // its segments
	to         target
}

// target is a new URL.
type target struct {
	scheme, host string   // host with its port
	path         []string // its segments
}

// dir is one old directory and its new one, as segments.
type dir struct {
	old, new []string
	anchor   int // the segment that is looked for
}

// New returns a Rewriter. A Refusal of kind core.ErrInvalid says which pair
// cannot be used and why.
func New(o Options) (*Rewriter, error) {
	w := &Rewriter{max: o.MaxValue, room: windowSize}
	if w.max <= 0 {
		w.max = defaultMaxValue
	}
	for _, p := range o.URLs {
		s, err := newSite(p)
		if err != nil {
			return nil, err
		}
		if strings.TrimRight(p.Old, "/") != strings.TrimRight(p.New, "/") {
			w.sites = append(w.sites, s)
		}
	}
	for _, p := range o.Paths {
		d, err := newDir(p)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(d.old, d.new) {
			w.dirs = append(w.dirs, d)
		}
	}
	slices.SortStableFunc(w.sites, func(a, b site) int { return len(b.path) - len(a.path) })
	slices.SortStableFunc(w.dirs, func(a, b dir) int { return len(b.old) - len(a.old) })
	w.find = w.newFinder()
	return w, nil
}

// newSite reads a pair of URLs.
func newSite(p Pair) (site, error) {
	from, err := readURL(p.Old)
	if err != nil {
		return site{}, err
	}
	to, err := readURL(p.New)
	if err != nil {
		return site{}, err
	}
	s := site{host: withoutWWW(strings.ToLower(from.Hostname())), port: from.Port(), path: segments(from.Path)}
	if s.port == "80" || s.port == "443" {
		s.port = ""
	}
	s.to = target{scheme: to.Scheme, host: strings.ToLower(to.Host), path: segments(to.Path)}
	return s, nil
}

// readURL reads an address and refuses what no site is served at.
func readURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || len(u.Hostname()) < 2:
		return nil, core.Refuse(core.ErrInvalid, "%q is not the address of a website: write it like https://shop.example", text)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || u.RawPath != "":
		return nil, core.Refuse(core.ErrInvalid, "%q must have a scheme, a host, a port and a path only, like https://shop.example/blog", text)
	case !plainText(u.Host) || strings.Contains(u.Host, "/"), !plainText(u.Path) || strings.Contains(u.Path, "//"):
		return nil, core.Refuse(core.ErrInvalid, "%q holds a sign that cannot stand in a website's address; write a host with such signs in its xn-- form", text)
	}
	return u, nil
}

// newDir reads a pair of directories.
func newDir(p Pair) (dir, error) {
	for _, text := range []string{p.Old, p.New} {
		switch {
		case !path.IsAbs(text) || path.Clean(text) == "/":
			return dir{}, core.Refuse(core.ErrInvalid, "%q is not a directory that can be rewritten: write it in full, like /var/www/shop", text)
		case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`\'"<>`, r) }):
			return dir{}, core.Refuse(core.ErrInvalid, "the directory %q holds a sign that cannot be rewritten safely; choose another name", text)
		}
	}
	d := dir{old: segments(path.Clean(p.Old)), new: segments(path.Clean(p.New))}
	for i, s := range d.old {
		if len(s) > len(d.old[d.anchor]) {
			d.anchor = i
		}
	}
	return d, nil
}

// plainText reports whether text holds only what stands for itself in a URL.
func plainText(text string) bool {
	for _, c := range []byte(text) {
		if !nameByte(c) && !strings.ContainsRune("./:~+,[]", rune(c)) {
			return false
		}
	}
	return true
}

// nameByte reports whether c may stand in the middle of a host's or a
// directory's name.
func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// segments cuts a path at its slashes.
func segments(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
}

func withoutWWW(host string) string { return strings.TrimPrefix(host, "www.") }
