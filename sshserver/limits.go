package sshserver

import "time"

// limits bound what peers may take. They are not options: no operator needs
// another value; tests do.
type limits struct {
	connections  int           // in all
	perSource    int           // from one IPv4 address or IPv6 /64
	sessions     int           // on one connection
	fetchers     int           // SFTP sessions of one person: FileZilla opens eleven, and those of a broken line stay for two minutes
	login        time.Duration // to authenticate in
	greeting     time.Duration // for the client's first packet, until ours goes out without it
	stuck        time.Duration // a screen's write may take
	idleWarning  time.Duration // without a key press until the screen warns
	idleEnd      time.Duration // without a key press until the screen ends
	keepalive    time.Duration // between two questions whether the peer lives
	answer       time.Duration // for the peer's answer
	missed       int           // answers in a row before the peer is dead
	cut          time.Duration // from a grant's end to the close of its data channels
	farewell     time.Duration // from a grant's end to the close of the connection
	hangUp       time.Duration // for a client to close the connection when its screen closes it
	shutdown     time.Duration // screens show that the server stops
	strikeDelay  time.Duration // a failed login's answer is late by this times the recent ones
	strikeMax    time.Duration // but no later than this
	strikeForget time.Duration // one failed login is forgotten in this time
	strikes      int           // recent failures from which a source is refused
}

func defaultLimits() limits {
	return limits{
		connections: 512, perSource: 64, sessions: 4, fetchers: 24,
		login: time.Minute, greeting: time.Second, stuck: 20 * time.Second,
		idleWarning: 25 * time.Minute, idleEnd: 30 * time.Minute,
		keepalive: 30 * time.Second, answer: 15 * time.Second, missed: 3,
		cut: 500 * time.Millisecond, farewell: 5 * time.Second, hangUp: time.Second, shutdown: 2 * time.Second,
		strikeDelay: 500 * time.Millisecond, strikeMax: 5 * time.Second, strikeForget: 6 * time.Second, strikes: 20,
	}
}

// What a client may send before a session starts.
const (
	maxLogin    = 256 << 10 // bytes until it has authenticated: twelve keys of any kind are far below
	maxEnv      = 16        // env requests of a session
	maxEnvValue = 64        // bytes of one value
	maxLine     = 32 << 10  // bytes of a command line: an RSA key fits
	maxPass     = 256       // bytes of a passphrase
	maxAuth     = 12        // tries a connection: agents hold many keys
	maxHandles  = 16        // open SFTP handles of a session
)
