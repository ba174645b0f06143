// Package backup is the engine: it finds out what a site is made of, and writes
// the site's files and databases into one archive that stock tools can open.
//
// A newcomer starts with [New] and [Engine.Run]. A run is two streams that meet
// in one writer. The walk (walk.go, readahead.go) goes through the site's tree
// in order and hands files to the archive; the dump (dump.go) runs beside it and
// hands over finished parts of SQL. The archive (archive.go) is a tar, gzipped
// on all cores, hashed and signed on its way out; what is in it is said line by
// line in a manifest (manifest.go). [Verify] reads such an archive and says
// whether all of it is there.
//
// What a site is and where its databases are, package detect finds out (site.go);
// what may be seen of its files is package sitetree's. How far a dump has got, and
// whether it is whole, the readers of package dumpscan say.
//
// The site is hostile input. None of its code runs: its configuration is read by
// a parser of our own (package php). Nothing is followed out of its root: files
// are opened through os.Root. What its configuration names is refused where it
// could reach another machine or smuggle an option into a tool. And nothing is
// passed over in silence: a file that cannot be read makes the verdict NOT COMPLETE
// and is named.
//
// Memory stays flat whatever the site's size: bounded buffers, one sorted
// directory at a time, and spools (spool.go) that have no name on disk, so that
// not even a crash leaves one behind.
package backup
