// Package wizard is what the owner's screens and the line mode have in common:
// the map of the way from "my manager is gone" to a downloaded backup, and the
// commands that an owner types elsewhere. It draws nothing.
//
// Where an owner stands is not kept anywhere. It follows from what the console
// has stored (core.OwnerState) and from the little that only a session knows, so
// that whoever connects again lands where they were.
package wizard
