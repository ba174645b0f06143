// Package writeback writes a large file to the disk while it grows.
//
// A kernel keeps what a program writes in memory, up to a tenth of the machine's
// before it begins to write it out. Whoever then asks for the file to be durable
// waits for all of it at once, with the processors idle, and so does everybody
// else's fsync meanwhile: the site's own database among them. A File begins with
// each stretch as soon as it is full, so that disk and processors work at the
// same time, and lets no more wait than a bound.
package writeback
