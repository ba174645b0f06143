// Package command answers "ssh person@host some command": one tree of cobra
// commands a session, holding only what the person's role may do, without a
// terminal.
//
// A newcomer starts with [Run]. Nothing here decides who may do what: the tree
// of a role is a courtesy, [core.Console] authorises every call. Nothing here
// is global either: the tree is built for one session and thrown away, reads
// and writes only the streams it is given, and never looks at the process's
// own arguments, environment or standard streams.
//
// Results go to Out, and there nothing else, so that they can be piped; hints
// and refusals go to Err. The exit status is 0 for done, 1 for refused, 2 for a
// line that was not understood.
package command
