package backup

import (
	"context"
	"fmt"

	"breakglass/core"
	"breakglass/core/backup/detect"
)

// source is what tells of a database: a place in a site's files, or the manager.
type source struct {
	detect.Source
	named bool // by the manager
}

// plan plans the dump of each of a site's databases once. A database that
// cannot be dumped is noted as missing. Only the end of ctx is an error. One that
// the manager named comes first, and stands for the first whose configuration
// could not be read and for each of the same name that cannot be dumped.
func (s *site) plan(ctx context.Context, spec core.SiteSpec) ([]*dump, error) {
	var dumps []*dump
	seen, dirs := map[string]bool{}, map[string]bool{}
	named, ok := s.named(spec.Database)
	unread := ok // the manager's stands for one
	var sources []source
	if ok {
		sources = append(sources, named)
	}
	for _, from := range s.Sources {
		sources = append(sources, source{Source: from})
	}
	for _, from := range sources {
		d, err := s.planOne(ctx, from, spec.DatabaseHost)
		switch {
		case err != nil && undumpable(ctx, err) && ok && !from.named && from.Err != nil && unread:
			unread = false
			continue
		case err != nil && undumpable(ctx, err) && ok && !from.named && from.Database.Name != "" && from.Database.Name == named.Database.Name:
			continue
		case err != nil && undumpable(ctx, err):
			s.lack(from, err)
			continue
		case err != nil:
			return nil, err
		case seen[d.at()]:
			continue
		}
		seen[d.at()] = true
		for n, dir := 2, d.dir; dirs[d.dir]; n++ { // the same name on another server
			d.dir = fmt.Sprintf("%s~%d", dir, n)
		}
		dirs[d.dir] = true
		dumps = append(dumps, d)
	}
	return dumps, nil
}

// at tells databases apart.
func (d *dump) at() string {
	return fmt.Sprint(d.config.Driver, " ", d.host.Socket, " ", d.host.Host, " ", d.host.Port, " ", d.config.Name)
}

func (s *site) planOne(ctx context.Context, from source, vouched string) (*dump, error) {
	if from.Err != nil {
		return nil, from.Err
	}
	if from.named {
		vouched = from.Database.Host
	}
	d, err := planDump(ctx, from.Database, vouched)
	if err != nil {
		return nil, err
	}
	d.from = from
	if d.host.pin != nil {
		s.pins = append(s.pins, d.host.pin)
	}
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
func (e *Engine) planDumps(ctx context.Context, s *site, spec core.SiteSpec) ([]*dump, error) {
	planned, err := s.plan(ctx, spec)
	if err != nil {
		return nil, err
	}
	var dumps []*dump
	var mysql *dumper
	for _, d := range planned {
		var err error
		switch {
		case d.config.Driver == detect.Postgres:
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
