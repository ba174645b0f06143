// Package safetext makes text from peers, sites and providers safe to store
// and to show: it cannot move a cursor, break a line, reverse its reading
// order, hide characters or grow without end.
//
// [Line] is for what is read as a sentence or a name: a reason, a host name, a
// provider's answer. [Path] is for names of files, where every byte counts. Use
// them on the way in and on the way out: both are idempotent, so doing both
// costs nothing. Neither escapes for a shell, for HTML or for JSON.
//
// The package keeps no state and is safe for concurrent use.
package safetext
