// Package core holds the rules of breakglass: who may ask for access to a
// website's backup, what proves them, how long access lasts and what is told
// to whom.
//
// A newcomer starts with [Console], the one door. Every use case is one of its
// methods, takes a context and an [Actor], and authorises before it acts. What
// a Console keeps goes through a [Ledger]; a site is read by an [Engine];
// finished archives lie in a [Vault]; time comes from a [Clock]. Those four
// ports are declared here and implemented elsewhere, so that the rules can be
// tested without a disk, a network or a wait.
//
// Four records tell the story of one emergency, each a small state machine:
// [Request], [Grant], [Job] and [Archive]. Every edge is a compare-and-set, and
// its log line and its messages are written in the same transaction: there is
// no state without its line, no line without its state, no notice forgotten.
package core
