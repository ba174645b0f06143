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

// dumpTool is an installed tool that dumps databases.
type dumpTool interface {
	// dump dumps d into parts. Success is exit status 0 and the tool's own last
	// line; warnings is what it said all the same.
	dump(ctx context.Context, d *dump, parts *dumpParts) (warnings string, err error)
	about() dumper
}

// planDumps plans the dumps and finds the tools for them. Without its tool a
// database is missing.
func (e *Engine) planDumps(ctx context.Context, s *site, vouched string) ([]*dump, error) {
	planned, err := s.plan(ctx, vouched)
	if err != nil {
		return nil, err
	}
	var dumps []*dump
	var mysql *dumper
	for _, d := range planned {
		var err error
		switch {
		case d.config.Driver == driverPostgres:
			d.with, err = findPGDump(ctx, e.options.Scratch, d.server)
		case mysql == nil:
			var found dumper
			if found, err = findDumper(ctx, e.options.Scratch); err == nil {
				mysql = &found
			}
			d.with = found
		default:
			d.with = *mysql
		}
		switch {
		case err == nil:
			dumps = append(dumps, d)
		case undumpable(ctx, err):
			s.lack(d.from, err)
		default:
			return nil, err
		}
	}
	return dumps, nil
}
