package backup

import "strings"

// named takes a `name` that has ended.
func (s *dumpScanner) named() {
	switch s.phase {
	case phaseInto, phaseTable:
		if len(s.name) > maxTableName {
			s.Overlong = string(s.name[:maxTableName/4])
		}
		s.Table = string(s.name)
		if _, ok := s.Rows[s.Table]; !ok {
			s.Rows[s.Table] = 0
		}
		if s.phase == phaseInto {
			s.phase = phaseColumns
			return
		}
		s.phase = phaseOther
	case phaseStart, phaseInsert, phaseCreate:
		s.phase = phaseOther
	}
}

// worded takes a word that has ended.
func (s *dumpScanner) worded() {
	word := strings.ToUpper(string(s.word))
	s.naming(word)

	s.word = s.word[:0]
	if strings.Trim(word, "0123456789") == "" {
		return // a number, such as the version behind /*!
	}
	switch s.phase {
	case phaseStart:
		s.phase = phaseOther
		switch word {
		case "INSERT":
			s.phase = phaseInsert
		case "CREATE":
			s.phase = phaseCreate
		case "DELIMITER":
			s.state, s.line = dumpDelimiter, s.line[:0]
		}
	case phaseInsert:
		switch word {
		case "INTO":
			s.phase = phaseInto
		case "IGNORE", "DELAYED":
		default:
			s.phase = phaseOther
		}
	case phaseCreate:
		s.phase = phaseOther
		if word == "TABLE" {
			s.phase = phaseTable
		}
	case phaseColumns:
		if s.depth == 0 && word == "VALUES" {
			s.phase = phaseValues
		}
	}
}

// naming keeps the names of collations and character sets, which stand behind
// the word that says what they are.
func (s *dumpScanner) naming(word string) {
	behind := s.behind
	s.behind = word
	name := strings.ToLower(word)
	charset, _, collation := strings.Cut(name, "_")
	switch behind {
	case "COLLATE", "COLLATION_CONNECTION", "COLLATION_DATABASE":
		if charsets[charset] && (collation || name == "binary") && len(s.Collations) < maxDumpSets {
			s.Collations[name] = true
		}
	case "CHARSET", "NAMES", "CHARACTER SET", "CHARACTER_SET_CLIENT", "CHARACTER_SET_RESULTS", "CHARACTER_SET_CONNECTION":
		if charsets[name] {
			s.Charsets[name] = true
		}
	case "CHARACTER":
		if word == "SET" {
			s.behind = "CHARACTER SET"
		}
	}
}

// maxDumpSets bounds the names of collations that are kept.
const maxDumpSets = 1000

// charsets are all character sets of MariaDB and MySQL, which begin the names of
// their collations. Words that only stand where one could are none.
var charsets = func() map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq("armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr gb18030 gb2312 gbk " +
		"geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman sjis swe7 tis620 uca1400 ucs2 ujis utf16 utf16le utf32 utf8 utf8mb3 utf8mb4") {
		set[name] = true
	}
	return set
}()

// wordByte reports whether c may stand in a word of SQL that needs no quotes: a
// letter, a digit, an underscore, or a byte beyond ASCII.
func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
