package rewrite

// sqlCodec reads the inside of a literal in the given quotes as MySQL and
// MariaDB do, with backslashes.
func sqlCodec(quote byte) *codec {
	return newCodec(`\`+string(quote), func(raw, out []byte) ([]byte, int) {
		if raw[0] == quote {
			return append(out, quote), min(2, len(raw)) // two stand for one
		}
		return sqlEscape(raw, out)
	}, func(text, _ []byte) []byte { return encodeSQL(text, `\'"`) })
}

// sqlEscape reads one escape that begins with a backslash.
func sqlEscape(raw, out []byte) ([]byte, int) {
	if len(raw) < 2 {
		return nil, 0
	}
	c := raw[1]
	switch c {
	case '0':
		c = 0
	case 'b':
		c = '\b'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'Z':
		c = 26
	case '%', '_':
		out = append(out, '\\') // they matter to LIKE alone, which sees both
	}
	return append(out, c), 2
}

// encodeSQL escapes text as the dumpers do, with a backslash before the signs of
// marks.
func encodeSQL(text []byte, marks string) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		switch c {
		case 0:
			out = append(out, '\\', '0')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case 26:
			out = append(out, '\\', 'Z')
		default:
			for i := range len(marks) {
				if c == marks[i] {
					out = append(out, '\\')
				}
			}
			out = append(out, c)
		}
	}
	return out
}

// doubledCodec reads the inside of a literal in which nothing but the quote is
// escaped, by another one: PostgreSQL's, and MySQL's under NO_BACKSLASH_ESCAPES.
func doubledCodec(quote byte) *codec {
	return newCodec(string(quote), func(raw, out []byte) ([]byte, int) {
		return append(out, quote), min(2, len(raw))
	}, func(text, _ []byte) []byte {
		var out []byte
		for _, c := range text {
			if c == quote {
				out = append(out, c)
			}
			out = append(out, c)
		}
		return out
	})
}

var (
	singleCodec        = sqlCodec('\'')
	doubleCodec        = sqlCodec('"')
	singleDoubledCodec = doubledCodec('\'')
	doubleDoubledCodec = doubledCodec('"')

	// copyCodec reads a field of PostgreSQL's COPY.
	copyCodec = newCodec(`\`, postgresEscape, encodeCopy)
	// escapeCodec reads the inside of PostgreSQL's E'…'.
	escapeCodec = newCodec(`\'`, func(raw, out []byte) ([]byte, int) {
		if raw[0] == '\'' {
			return append(out, '\''), min(2, len(raw))
		}
		return postgresEscape(raw, out)
	}, func(text, replaced []byte) []byte {
		var out []byte
		for _, c := range encodeCopy(text, replaced) {
			if c == '\'' {
				out = append(out, c)
			}
			out = append(out, c)
		}
		return out
	})
)

// copySigns are the letters that COPY has for control characters.
var copySigns = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// postgresEscape reads one escape of PostgreSQL.
func postgresEscape(raw, out []byte) ([]byte, int) {
	if len(raw) < 2 {
		return nil, 0
	}
	if c, ok := copySigns[raw[1]]; ok {
		return append(out, c), 2
	}
	if raw[1] == 'x' && len(raw) > 2 && unhex(raw[2]) >= 0 {
		return digitByte(raw, out, 2, 2, 16)
	}
	if raw[1] >= '0' && raw[1] <= '7' {
		return digitByte(raw, out, 1, 3, 8)
	}
	return append(out, raw[1]), 2
}

// digitByte reads up to most digits from i, and appends the byte that they are.
func digitByte(raw, out []byte, i, most, base int) ([]byte, int) {
	n := 0
	for end := i + most; i < end && i < len(raw); i++ {
		digit := unhex(raw[i])
		if digit < 0 || digit >= base {
			break
		}
		n = n*base + digit
	}
	return append(out, byte(n)), i
}

func encodeCopy(text, _ []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		if c == '\\' {
			out = append(out, '\\', '\\')
			continue
		}
		plain := true
		for sign, stands := range copySigns {
			if c == stands {
				out, plain = append(out, '\\', sign), false
			}
		}
		if plain {
			out = append(out, c)
		}
	}
	return out
}
