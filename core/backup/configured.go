package backup

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"breakglass/core"
)

// Configuration is a place in a site's files that names a database.
type Configuration struct {
	// Kind is the program's, without a version: WordPress, Drupal, .env.
	Kind string
	// Dir is where the program lies below the root; "." is the root itself. Of a
	// Drupal it is that of one of its sites, where settings.php lies.
	Dir string
	// Database is the name of the database, "" where it could not be read.
	Database string
}

// Configurations finds the places in a site's files that name a database, as a
// backup does: it reads a few files, runs none of them and connects to nothing.
// What lies outside of the root is left out.
func (e *Engine) Configurations(ctx context.Context, dir string) (list []Configuration, err error) {
	root, err := e.open(dir)
	if err != nil {
		return nil, fmt.Errorf("find configurations: %w", err)
	}
	s, err := e.detect(ctx, root, core.SiteSpec{Root: dir})
	if err != nil {
		return nil, fmt.Errorf("find configurations: %w", errors.Join(err, root.Close()))
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, from := range s.Sources {
		if from.Above {
			continue
		}
		c := Configuration{Kind: from.Kind, Dir: path.Clean(from.Dir), Database: from.Database.Name}
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list, nil
}
