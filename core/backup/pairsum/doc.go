// Package pairsum computes SHA-256 (FIPS 180-4) of several streams in less time
// than one after the other takes.
//
// A processor's SHA instructions (SHA-NI) are bound by latency: each round waits
// for the one before, and meanwhile the unit is idle. A second stream fits into the
// gaps, so that two take hardly longer than one. A backup has two by nature, its
// files and the archive that they go to, and hashing them is a third of all its
// work.
//
// Streams that belong together come from one [Pool]. Each is a [Sum], an
// io.Writer. Whoever needs bytes hashed does it on its own goroutine, and takes
// along what another stream has waiting; if there is somebody at work alone it
// leaves its bytes to that one. Who does not need them yet says so: [Sum.Begin]
// returns at once, and [Sum.Leave] waits for others as long as nobody is in a
// hurry. So no goroutine is needed, and nobody waits for a partner that does not
// come.
//
// What is hashed is the archive's check against accidents and, signed, against
// forgery; verify and restore check it by crypto/sha256, not by this package.
// Where there are no such instructions the sums are those of crypto/sha256.
package pairsum
