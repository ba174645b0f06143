// Package repoint makes the configuration of a restored site name its new
// database, its new address and its new directories.
//
// A newcomer starts with [Repoint]:
//
//	root, err := os.OpenRoot("/srv/new")
//	files, changes, err := repoint.Repoint(root, repoint.Options{
//		Kind:     "WordPress 6.5",
//		Database: repoint.Database{Host: "localhost", Name: "shop", User: "shop", Password: core.NewSecret("…")},
//		URLs:     []rewrite.Pair{{Old: "https://old.example", New: "https://new.example"}},
//		Paths:    []rewrite.Pair{{Old: "/var/www/old", New: "/srv/new"}},
//	})
//
// Only the bytes of values change; every other byte of a file stays as it is. A
// value that the site computes when it runs (a function, a constant of another
// file) is left and told as a Change that is not done, with its line, so that a
// person can do it.
//
// None of the site's code runs. Package php cuts a file into tokens and knows
// where each stands; settings.go finds what is set where; programs.go,
// and a file for each program with more to it, says what its settings are to be
// (connection.go what many share), env.go the same of .env files. What is returned
// was read again first (plan.go): if the new values are not in it exactly, it is
// refused. Files are opened through os.Root, and links are refused (file.go).
// Nothing is written here: package restore puts the files in their place.
package repoint
