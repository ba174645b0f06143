package backup

import (
	"context"
	"fmt"
)

// source is a place in a site's files that tells of a database.
type source struct {
	kind   string // of the program that it belongs to
	dir    string // of that program, below the root
	config dbConfig
	err    error // why the configuration could not be read
}

// plan plans the dump of each of a site's databases once. A database that
// cannot be dumped is noted as missing. Only the end of ctx is an error.
func (s *site) plan(ctx context.Context, vouched string) ([]*dump, error) {
	var dumps []*dump
	seen, dirs := map[string]bool{}, map[string]bool{}
	for _, from := range s.sources {
		d, err := from.plan(ctx, vouched)
		switch {
		case err != nil && undumpable(ctx, err):
			s.lack(from, err)
			continue
		case err != nil:
			return nil, err
		case seen[fmt.Sprint(d.host, d.config.Name)]:
			continue
		}
		seen[fmt.Sprint(d.host, d.config.Name)] = true
		for n, dir := 2, d.dir; dirs[d.dir]; n++ { // the same name on another server
			d.dir = fmt.Sprintf("%s~%d", dir, n)
		}
		dirs[d.dir] = true
		dumps = append(dumps, d)
	}
	return dumps, nil
}

func (from source) plan(ctx context.Context, vouched string) (*dump, error) {
	if from.err != nil {
		return nil, from.err
	}
	d, err := planDump(ctx, from.config, vouched)
	if err != nil {
		return nil, err
	}
	d.from = from
	return d, nil
}

// planDumps plans the dumps and finds the tool for them. Without a tool every
// database is missing.
func (e *Engine) planDumps(ctx context.Context, s *site, vouched string) ([]*dump, dumper, error) {
	dumps, err := s.plan(ctx, vouched)
	if err != nil || len(dumps) == 0 {
		return nil, dumper{}, err
	}
	tool, err := findDumper(ctx, e.options.Scratch)
	switch {
	case err == nil:
		return dumps, tool, nil
	case !undumpable(ctx, err):
		return nil, dumper{}, err
	}
	for _, d := range dumps {
		s.lack(d.from, err)
	}
	return nil, dumper{}, nil
}
