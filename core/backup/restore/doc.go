// Package restore puts a site back from an archive: its files into a directory,
// its dump into a database, at the same address or another.
//
// A newcomer starts with [Run]. Its steps are the files of this package. First
// the preflight (preflight.go) looks at the target and the database server and
// refuses what cannot work before anything is touched. Then the archive is read
// once (staging.go): unpacked into a staging directory beside the target, hashed
// on the way, its signature and manifest checked at the end. Only what proved
// right is renamed into place. Then the dump is loaded (load.go) through the
// rewriter of addresses and the mends (mend.go) that another server needs, the
// site's configuration is pointed at its new database, and the result is checked
// against the manifest (after.go). Files of the site that change are made beside the
// target and swapped in (swap.go), so that each changes once, whenever a restore is
// stopped.
//
// The archive is hostile input: nothing of it is written outside of the target
// and of the one directory beside it, TARGET.restore, which holds the staging,
// what the archive has besides the site's files, the state (state.go) from which
// a restore that broke off goes on, and the report. Links are made, never
// followed; owners and setuid bits are not taken over.
package restore
