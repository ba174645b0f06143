// Package manager is the manager's screen: the sites under their care, who has
// access now and who asks for it, and the log. Two things can be done here,
// because they cannot wait: end access and refuse a request. All else is set up
// by commands, which can be kept, repeated and read again.
//
// The screen asks core for what it shows every few seconds and never decides who
// may do what: a key that it disables is a courtesy, core is the guard.
//
// A newcomer starts with [New] and the struct Screen.
package manager
