// Package rehearse tries an archive out: it loads its dumps into a private
// database server, opens its SQLite databases, counts every table, and hashes
// every file, so that a backup is proved before it is handed over.
//
//	r, err := rehearse.New(rehearse.Options{Name: dataDir})
//	found, err := r.Rehearse(ctx, archive)
//
// What is loaded is hostile: a site may have put anything into its database. So
// the server is one of its own and never the site's, runs as a user who has
// nothing, listens on a socket in a directory that is gone afterwards, has no
// network, no events and no files, and is bounded in time, memory and disk. A
// SQLite database is opened by a process of this very program under that user
// ([Helped]), within the same bounds.
// Nothing of it outlives a rehearsal, not even one that is killed.
package rehearse
