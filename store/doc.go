// Package store is core's Ledger on one bbolt file, and the few secrets that
// lie beside it. It is the only package that imports bbolt.
//
// A newcomer starts with [Open]. Each kind of record has a bucket of its own,
// ID to JSON with times in UTC; the log has four: leaves and Merkle hashes by
// big-endian number, personal data by subject, a zero byte and the leaf's
// number, the index by key, a zero byte and the number. The bucket "meta" holds
// the schema's version; migrations says how a file gets from one version to the
// next.
//
// A step changes rows of six of these buckets, and each would have pages of its
// own written. So an Update writes what it changed as one row to the bucket
// "recent", and every 64th moves all that is there to where it belongs, in the
// same transaction. Readers see both as one: what is recent lies over the other
// buckets, sorted, in memory, and is read from the file where a transaction's
// state is another than the one in memory.
//
// One Update is one bbolt transaction, synced to the disk before it returns:
// after a kill -9 or a power cut either all of it is there or nothing. What
// Forget removes is out of reach at once, older states of records among the
// recent changes included, and its bytes are written over in the file as soon as
// nobody reads the state of before.
//
// Next to the database lies the ballast: 16 MiB really allocated, given back
// when the disk is full so that the log of an emergency can still be written.
package store
