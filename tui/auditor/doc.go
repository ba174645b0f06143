// Package auditor is the auditor's screen: the log, and how to take it away.
//
// An auditor trusts nobody, this screen included. So it shows lines as they are
// in the log, under their exported names, and the whole log leaves by a command
// whose output can be verified elsewhere. That somebody reads is a line of the
// log too; core sees to it.
//
// A newcomer starts with [New].
package auditor
