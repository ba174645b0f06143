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
// the word that says what they are. Variables that hold the ones before a dump
// are none.
func (s *dumpScanner) naming(word string) {
	behind := s.behind
	s.behind = word
	var names map[string]bool
	switch behind {
	case "COLLATE", "COLLATION_CONNECTION", "COLLATION_DATABASE":
		names = s.Collations
	case "CHARSET", "NAMES", "CHARACTER SET", "CHARACTER_SET_CLIENT", "CHARACTER_SET_RESULTS", "CHARACTER_SET_CONNECTION":
		names = s.Charsets
	case "CHARACTER":
		if word == "SET" {
			s.behind = "CHARACTER SET"
		}
	}
	name := strings.ToLower(word)
	if names == nil || len(names) >= maxDumpSets || name[0] < 'a' || name[0] > 'z' || strings.HasPrefix(name, "old_") || strings.HasPrefix(name, "saved_") {
		return
	}
	names[name] = true
}
