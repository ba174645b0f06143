package dumpscan

func (s *Postgres) inEscaped(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '\'':
		s.state, s.reopens, s.texted = pgCode, true, true
	}
}

func (s *Postgres) inName(c byte) {
	if c == '"' {
		s.state, s.closed = pgCode, true
		return
	}
	if len(s.name) < maxName {
		s.name = append(s.name, c)
	}
}

func (s *Postgres) inBlock(c byte) {
	switch {
	case c == '/' && s.last == '*':
		if s.nested--; s.nested == 0 {
			s.state = pgCode
		}
		c = 0
	case c == '*' && s.last == '/':
		s.nested++
		c = 0
	}
	s.last = c
}

// inTag reads what may be the tag of a $tag$.
func (s *Postgres) inTag(c byte) (ended bool) {
	switch {
	case c == '$':
		s.state, s.matched = pgDollar, 0
	case wordByte(c) && len(s.tag) < maxName:
		s.tag = append(s.tag, c)
	default: // a parameter, $1
		s.state = pgCode
		return s.inCode(c)
	}
	return false
}

// inDollar looks for the closing $tag$.
func (s *Postgres) inDollar(c byte) {
	switch {
	case s.matched > len(s.tag) && c == '$':
		s.state = pgCode
	case s.matched > 0 && s.matched <= len(s.tag) && c == s.tag[s.matched-1]:
		s.matched++
	case c == '$':
		s.matched = 1
	default:
		s.matched = 0
	}
}
