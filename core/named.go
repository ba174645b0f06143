package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// maxIncluded bounds the paths that a site includes, maxPassword the password of
// a database in bytes.
const (
	maxIncluded = 16
	maxPassword = 512
)

// checkNamed checks what a change says of databases and paths, and puts both in
// the form in which they are kept. That is file work, so it comes before the
// Update, and nobody but the site's manager may cause it.
func (c *Console) checkNamed(ctx context.Context, a Actor, id string, ch *SiteChange) error {
	if ch.Database == nil && ch.Include == nil {
		return nil
	}
	if err := c.view(ctx, "set site", func(tx Tx) error { return mayManage(tx, a, id) }); err != nil {
		return err
	}
	if ch.Database != nil {
		named, err := c.checkDatabase(*ch.Database)
		if err != nil {
			return err
		}
		ch.Database = &named
	}
	if ch.Include == nil {
		return nil
	}
	paths, err := c.checkIncluded(ctx, *ch.Include)
	ch.Include = &paths
	return err
}

func (c *Console) checkDatabase(named NamedDatabase) (NamedDatabase, error) {
	if named.URL == "" {
		return NamedDatabase{}, nil
	}
	if len(named.Password.Reveal()) > maxPassword || strings.ContainsFunc(named.Password.Reveal(), func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return NamedDatabase{}, Refuse(ErrInvalid, "The database's password is longer than %d bytes, or it holds a control character.", maxPassword)
	}
	clean, err := c.engine.CheckDatabase(named.URL)
	return NamedDatabase{URL: clean, Password: named.Password}, err
}

// checkIncluded resolves paths, each once, in order.
func (c *Console) checkIncluded(ctx context.Context, paths []string) ([]string, error) {
	if len(paths) > maxIncluded {
		return nil, Refuse(ErrInvalid, "A site may include %d paths at most; include a directory that holds several.", maxIncluded)
	}
	resolved := make([]string, 0, len(paths))
	for _, path := range paths {
		clean, err := c.engine.CheckInclude(ctx, path)
		if err != nil {
			return nil, err
		}
		resolved = append(resolved, clean)
	}
	slices.Sort(resolved) // what holds others comes before them
	kept := make([]string, 0, len(resolved))
	for _, path := range resolved {
		if !slices.ContainsFunc(kept, func(outer string) bool { return within(path, outer) }) {
			kept = append(kept, path)
		}
	}
	return kept, nil
}

// sealDatabase keeps a database that the manager named, or none.
func (t *turn) sealDatabase(site *Site, named NamedDatabase) error {
	site.Database, site.DatabaseSealed = named.URL, nil
	if named.URL == "" || named.Password.IsZero() {
		return nil
	}
	box, err := t.c.box("database")
	if err != nil {
		return err
	}
	nonce, err := t.draw(box.NonceSize())
	if err != nil {
		return err
	}
	site.DatabaseSealed = box.Seal(nonce, nonce, []byte(named.Password.Reveal()), boundTo(site.ID, named.URL))
	return nil
}

// boundTo is what a sealed password belongs to: with another URL it is worth
// nothing.
func boundTo(site, url string) []byte { return []byte(site + "\x00" + url) }

// namedDatabase returns the database that the manager named.
func (c *Console) namedDatabase(site Site) (NamedDatabase, error) {
	named := NamedDatabase{URL: site.Database}
	if len(site.DatabaseSealed) == 0 {
		return named, nil
	}
	box, err := c.box("database")
	if err != nil {
		return named, err
	}
	size := box.NonceSize()
	if len(site.DatabaseSealed) < size {
		return named, fmt.Errorf("unseal the database's password of %s: too short", site.ID)
	}
	text, err := box.Open(nil, site.DatabaseSealed[:size], site.DatabaseSealed[size:], boundTo(site.ID, site.Database))
	if err != nil {
		return named, fmt.Errorf("unseal the database's password of %s: %w", site.ID, err)
	}
	named.Password = NewSecret(string(text))
	return named, nil
}

// shownDatabase is the URL with bullets in the place of the password, if there is
// one.
func (s Site) shownDatabase() string {
	scheme, rest, ok := strings.Cut(s.Database, "://")
	user, host, with := strings.Cut(rest, "@")
	if !ok || !with || len(s.DatabaseSealed) == 0 {
		return s.Database
	}
	return scheme + "://" + user + ":" + redacted + "@" + host
}
