package view

import (
	"strconv"
	"strings"
)

// pathDigits is how many digits of each hash of a path are shown.
const pathDigits = 8

// ProofDetail tells what was checked of a line of the log, as names and values:
// the hashes in hexadecimal from it to the root, and the checkpoint that signs
// the root, with the log's verifier key. The names stay untranslated.
func ProofDetail(path []string, origin string, lines int64, root, key string) Table {
	short := make([]string, len(path))
	for i, hash := range path {
		short[i] = hash[:min(len(hash), pathDigits)]
	}
	hashes := strconv.Itoa(len(short)) + " hashes"
	if len(short) > 0 {
		hashes += ": " + strings.Join(short, " ")
	}
	var p pairs
	p.add("path", hashes)
	p = append(p, CheckpointDetail(origin, lines, root).Rows...)
	p.add("log key", cell(key))
	return Table{Rows: p}
}

// CheckpointDetail tells a checkpoint as names and values.
func CheckpointDetail(origin string, lines int64, root string) Table {
	var p pairs
	p.add("checkpoint", cell(origin))
	p.add("lines", Number(lines))
	p.add("root", cell(root))
	return Table{Rows: p}
}

// Number writes the number of a line.
func Number(seq int64) string { return strconv.FormatInt(seq, 10) }
