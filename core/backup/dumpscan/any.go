package dumpscan

import "bytes"

// postgresBegin is how each dump of pg_dump begins.
var postgresBegin = []byte("--\n-- PostgreSQL database dump\n")

// sniffer finds out by a dump's first bytes whose dump it is.
type sniffer struct {
	Reader
	postgres *Postgres // until that is known
	head     []byte
}

// NewAny returns a reader that finds out by a dump's first bytes whose dump it is.
func NewAny() Reader { return &sniffer{Reader: NewMySQL(), postgres: NewPostgres()} }

// Scan implements Reader. While it is not known whose dump it is, both readers
// read the few bytes: comments to either.
func (s *sniffer) Scan(p []byte) (n int, ended bool) {
	if s.postgres == nil {
		return s.Reader.Scan(p)
	}
	few := min(len(p), len(postgresBegin)-len(s.head))
	s.head = append(s.head, p[:few]...)
	if !bytes.HasPrefix(postgresBegin, s.head) {
		s.postgres = nil
		return s.Reader.Scan(p)
	}
	s.postgres.Scan(p[:few])
	s.Reader.Scan(p[:few])
	if len(s.head) == len(postgresBegin) {
		s.Reader, s.postgres = s.postgres, nil
	}
	return few, false
}
