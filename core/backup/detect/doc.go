// Package detect finds out what a site is made with and where its databases are,
// from its files alone.
//
// A newcomer starts with [Look]. It goes through the directories near the site's
// root and knows a WordPress and other programs by files that each of them has
// (install.go, place.go); then each program's own reader looks up where its
// database is, as the program itself would: wordpress.go, drupal.go, laravel.go
// and so on, one a program. To add a program, write a reader and name it in
// programs. What comes out is a [Site] with a [Source] for each place that tells
// of a database, and what a person should know as [Note]s. [Site.Configs] goes
// through the same files a second time for all that they set, for who moves the
// site.
//
// The files are hostile input: none of the site's code runs (package php reads
// it), nothing is connected to, and no file is opened but through the site's own
// tree (package sitetree) or, where the root is a program's public directory, one
// level above it if the site's own user may read it. A value that only the
// running site could tell is refused by its line, never guessed: a guess could
// dump the wrong database. What a configuration names is checked before it is
// used: [Database.Check] refuses what would add an option to a tool,
// [ParseAddress] a server on another machine that nobody vouched for.
package detect
