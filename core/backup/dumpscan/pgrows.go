package dumpscan

import "bytes"

// inRows reads rows of a COPY. The last row that is whole is a place to cut.
func (s *Postgres) inRows(p []byte) (n int, cut bool) {
	for n < len(p) {
		end := bytes.IndexByte(p[n:], '\n')
		if end < 0 {
			s.keep(p[n:])
			break
		}
		s.keep(p[n : n+end])
		n += end + 1
		last := s.length == 2 && string(s.line) == `\.`
		if !last && s.length == 3 && string(s.line) == "\\.\r" {
			s.commanded = true // the end of the rows to psql, and to no pg_dump
		}
		s.line, s.length = s.line[:0], 0
		if last {
			s.state, s.phase, s.fresh = pgCode, pgStart, true
			return n, true
		}
		s.counted[s.at]++
		s.all++
	}
	if s.length > 0 && n > 0 {
		rest := len(p) - n
		s.line, s.length = s.line[:0], 0 // it is read again
		return len(p) - rest, true
	}
	return len(p), s.length == 0
}

// keep takes a piece of a row; two bytes tell whether it is the last line.
func (s *Postgres) keep(piece []byte) {
	s.length += len(piece)
	if room := 3 - len(s.line); room > 0 {
		s.line = append(s.line, piece[:min(room, len(piece))]...)
	}
}
