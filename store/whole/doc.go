// Package whole makes files that are there whole or not at all, whatever ends the
// process that writes them.
//
// Until it is sealed such a file has no name where the file system allows that
// (open(2), O_TMPFILE): then not even kill -9 leaves anything behind. Elsewhere it
// is called ".breakglass-HOST-….part" and locked; [Sweep] removes those whose
// process is gone, which a lock alone tells reliably: numbers of processes are used
// again.
//
// A file that has the name already is never replaced.
package whole
