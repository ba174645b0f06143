// Package plain is the owner's wizard as plain lines, for screen readers and
// for terminals that can do nothing but print. It asks one numbered question
// after the other, moves no cursor, uses no colour, and says how a backup goes
// in a line of its own. It goes the same way as the wizard of package owner,
// and like that one it keeps no place: where the person is follows from what
// the console has stored, so whoever connects again lands where they were.
//
// A newcomer starts with [Run], then place.go, which is the whole map.
package plain
