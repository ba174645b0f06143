// Package audit is the log that nobody can quietly rewrite: an append-only
// Merkle tree (RFC 6962 hashing, by golang.org/x/mod/sumdb/tlog) whose
// checkpoints are signed notes in the C2SP form (https://c2sp.org/tlog-checkpoint).
//
// A [Leaf] says who did what, when, and what became of it. Personal data is
// not in the leaf: the leaf holds a salted commitment to it and the data lies
// beside the tree, so that it can be erased and the tree still verifies.
//
// The package knows bytes and hashes, no database: [Append] and [TreeHash] work
// on anything that stores leaves and hashes.
package audit
