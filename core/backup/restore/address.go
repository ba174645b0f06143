package restore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"
)

// pairs puts the new address in the place of each old one.
func pairs(olds []string, to string) (list []rewrite.Pair) {
	for _, old := range olds {
		list = append(list, rewrite.Pair{Old: old, New: to})
	}
	return list
}

// newRewriter returns what replaces addresses and directories; nil: nothing is
// to be replaced.
func newRewriter(urls, paths []rewrite.Pair) (*rewrite.Rewriter, error) {
	changes := false
	for _, p := range append(append([]rewrite.Pair(nil), urls...), paths...) {
		changes = changes || strings.TrimRight(p.Old, "/") != strings.TrimRight(p.New, "/")
	}
	if !changes {
		return nil, nil
	}
	return rewrite.New(rewrite.Options{URLs: urls, Paths: paths})
}

// addresses finds the old addresses and makes pairs of them, once: a restore
// that goes on must not look for them again in what it has changed.
func (r *run) addresses() error {
	if r.order.URL == "" || r.state.URLs != nil {
		return nil
	}
	olds := r.order.OldURLs
	if len(olds) == 0 {
		found, err := r.found()
		if err != nil {
			return err
		}
		if olds = found.urls; len(olds) == 0 && found.none {
			r.byHand(r.keepsNone())
			return r.state.keep(r.place)
		}
	}
	if len(olds) == 0 {
		return core.Refuse(core.ErrInvalid, "The site's old address could not be found out; start this command again with --old-url https://OLD beside --url, and it goes on from here.")
	}
	kind, _, _ := strings.Cut(r.known.Header.Kind, " ")
	if r.state.URLs = joinPairs(olds, r.order.URL); kind == "MediaWiki" {
		r.state.URLs = r.wikiPairs(olds)
	}
	if line := addressByHand[kind]; line != "" {
		r.byHand(line)
	}
	return r.state.keep(r.place)
}

// joinPairs makes pairs of old addresses and a new one, which takes the place of
// the first. One below it, such as a program in a folder, moves along, and so does the
// same one by http or https; one on another host keeps its path.
func joinPairs(olds []string, to string) (list []rewrite.Pair) {
	to = strings.TrimRight(to, "/")
	first := ""
	for i, old := range olds {
		old = strings.TrimRight(old, "/")
		_, place, _ := strings.Cut(old, "://")
		if i == 0 {
			first = place + "/"
		} else if strings.HasPrefix(place+"/", first) {
			continue
		}
		next := to
		if u, err := url.Parse(old); i > 0 && err == nil && u.Path != "" {
			next += u.Path
		}
		list = append(list, rewrite.Pair{Old: old, New: next})
	}
	return list
}

// wikiPairs are pairs of hosts alone. A MediaWiki has the path below in settings of its
// own, one for its programs and another for its articles.
func (r *run) wikiPairs(olds []string) []rewrite.Pair {
	hosts := make([]string, 0, len(olds))
	for _, old := range olds {
		host, _ := splitPath(old)
		hosts = append(hosts, host)
	}
	to, path := splitPath(r.order.URL)
	if path != "" {
		r.byHand(fmt.Sprintf("See that $wgScriptPath in LocalSettings.php is %s, and that $wgArticlePath fits it.", safetext.Line(path)))
	}
	return joinPairs(hosts, to)
}

// splitPath cuts an address behind its host. The path has no slash at its end.
func splitPath(address string) (host, path string) {
	scheme, rest, _ := strings.Cut(strings.TrimRight(address, "/"), "://")
	at := strings.IndexByte(rest+"/", '/')
	return scheme + "://" + rest[:at], rest[at:]
}

// directories puts the target in the place of the old root. An old root that no
// database can hold safely is left.
func (r *run) directories() []rewrite.Pair {
	old := r.known.Header.Root
	if old == "" || !path.IsAbs(old) || old == r.place.target {
		return nil
	}
	p := []rewrite.Pair{{Old: old, New: r.place.target}}
	if _, err := rewrite.New(rewrite.Options{Paths: p}); err != nil {
		return nil
	}
	return p
}

// found looks for the site's old addresses where its program keeps them: in the
// first dump that has any, which is the site's own.
func (r *run) found() (stored, error) {
	for _, d := range Dumps(r.known) {
		var urls []string
		var err error
		switch kind := r.known.Header.Kind; {
		case strings.HasPrefix(kind, "WordPress"):
			urls, err = r.searchDump(d, "options", "home", "siteurl")
		case strings.HasPrefix(kind, "Magento"):
			urls, err = r.searchDump(d, "core_config_data", "web/unsecure/base_url", "web/secure/base_url")
		case strings.HasPrefix(kind, "PrestaShop"):
			urls, err = r.searchShop(d)
		}
		if err != nil || len(urls) > 0 {
			return stored{urls: urls}, err
		}
	}
	for _, search := range []func() ([]string, error){r.searchSQLite, r.searchEnv} {
		if urls, err := search(); err != nil || len(urls) > 0 {
			return stored{urls: urls}, err
		}
	}
	return r.searchFiles()
}

// searchDump looks in the rows of a table, named without its prefix, for addresses
// behind their names.
func (r *run) searchDump(d backup.StoredDatabase, table string, names ...string) (urls []string, err error) {
	found, err := r.searchRows(d, table, isWebAddress, names...)
	for _, name := range names {
		if url := found[name]; url != "" {
			urls = append(urls, url)
		}
	}
	return urls, err
}

func isWebAddress(value string) bool {
	return strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://")
}

// searchRows looks in the rows of a table, named without its prefix, for values behind
// their names: for the first of each name that fits.
func (r *run) searchRows(d backup.StoredDatabase, table string, fits func(value string) bool, names ...string) (_ map[string]string, err error) {
	parts, err := r.openParts(d)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, parts.Close()) }()
	search := addressSearch{table: []byte("INSERT INTO `" + d.Prefix + table + "` "), names: names, fits: fits, found: map[string]string{}}
	if _, err := io.CopyBuffer(&search, parts, make([]byte, 256<<10)); err != nil && !errors.Is(err, errFound) {
		return nil, fmt.Errorf("look for the old address: %w", err)
	}
	return search.found, nil
}

// errFound ends a search that has found all.
var errFound = errors.New("found")

// addressSearch looks for 'name','value' in the rows of one table.
type addressSearch struct {
	table []byte
	names []string
	fits  func(value string) bool
	found map[string]string

	inside bool // the rows of the table have begun
	tail   []byte
}

// maxAddress bounds an address in a dump, in bytes.
const maxAddress = 2048

// Write implements io.Writer.
func (s *addressSearch) Write(p []byte) (int, error) {
	text := append(s.tail, p...)
	for {
		if !s.inside {
			at := bytes.Index(text, s.table)
			if at < 0 {
				break
			}
			text, s.inside = text[at+len(s.table):], true
		}
		end := bytes.Index(text, []byte("\nUNLOCK TABLES"))
		s.values(text, end)
		if len(s.found) == len(s.names) {
			return 0, errFound
		}
		if end < 0 {
			break
		}
		text, s.inside = text[end:], false
	}
	keep := min(len(text), maxAddress+len(s.table))
	s.tail = append([]byte(nil), text[len(text)-keep:]...)
	return len(p), nil
}

func (s *addressSearch) values(text []byte, end int) {
	if end >= 0 {
		text = text[:end]
	}
	for _, name := range s.names {
		_, value, ok := bytes.Cut(text, []byte("'"+name+"','"))
		if !ok || s.found[name] != "" {
			continue
		}
		value, _, ok = bytes.Cut(value, []byte("'"))
		if ok && len(value) < maxAddress && s.fits(string(value)) {
			s.found[name] = string(value)
		}
	}
}
