// Package sshserver lets people in over SSH and brings each of them to what
// their role may use: a screen, a command line, or the read-only files of an
// open grant.
//
// A newcomer starts with [Server]. A connection passes, in this order: the gate
// (gate.go, penalty.go: how many, from where, for how long unauthenticated),
// the greeting (greeting.go: which ciphers this client is offered), the login
// (login.go: identity is what a succeeding callback wrote, never what the
// client calls itself), the session channel (channel.go: only the requests that
// are needed, in the amounts that are needed), the door (session.go: what this
// actor may start), and then one of four ends: a screen (bridge.go), a command
// (command.go), SFTP (sftp.go, tree.go) or scp (scp.go).
//
// Nothing here decides about a site: core.Console authorises every call. What
// this package adds is that no peer, however hostile or however stuck, holds
// more of the server than its limits allow, and that a panic ends one session
// and not the process. Connections that came in with a download token are bound
// to their grant (lease.go).
package sshserver
