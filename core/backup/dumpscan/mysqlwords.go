package dumpscan

import "strings"

// named takes a `name` that has ended.
func (s *MySQL) named() {
	switch s.phase {
	case myInto, myTable:
		if len(s.name) > maxTableName {
			s.tooLong = string(s.name[:maxTableName/4])
		}
		s.at = string(s.name)
		if _, ok := s.counted[s.at]; !ok {
			s.counted[s.at] = 0
		}
		if s.phase == myInto {
			s.phase = myColumns
			return
		}
		s.phase = myOther
	case myStart, myInsert, myCreate:
		s.phase = myOther
	}
}

// worded takes a word that has ended.
func (s *MySQL) worded() {
	word := strings.ToUpper(string(s.word))
	s.naming(word)

	s.word = s.word[:0]
	if strings.Trim(word, "0123456789") == "" {
		return // a number, such as the version behind /*!
	}
	switch s.phase {
	case myStart:
		s.phase = myOther
		switch word {
		case "INSERT":
			s.phase = myInsert
		case "CREATE":
			s.phase = myCreate
		case "DELIMITER":
			s.state, s.line = myDelimiter, s.line[:0]
		}
	case myInsert:
		switch word {
		case "INTO":
			s.phase = myInto
		case "IGNORE", "DELAYED":
		default:
			s.phase = myOther
		}
	case myCreate:
		s.phase = myOther
		if word == "TABLE" {
			s.phase = myTable
		}
	case myColumns:
		if s.depth == 0 && word == "VALUES" {
			s.phase = myValues
		}
	}
}

// naming keeps the names of collations and character sets, which stand behind
// the word that says what they are.
func (s *MySQL) naming(word string) {
	behind := s.behind
	s.behind = word
	name := strings.ToLower(word)
	charset, _, collation := strings.Cut(name, "_")
	switch behind {
	case "COLLATE", "COLLATION_CONNECTION", "COLLATION_DATABASE":
		if charsets[charset] && (collation || name == "binary") && len(s.collations) < maxSets {
			s.collations[name] = true
		}
	case "CHARSET", "NAMES", "CHARACTER SET", "CHARACTER_SET_CLIENT", "CHARACTER_SET_RESULTS", "CHARACTER_SET_CONNECTION":
		if charsets[name] {
			s.charsets[name] = true
		}
	case "CHARACTER":
		if word == "SET" {
			s.behind = "CHARACTER SET"
		}
	}
}

// maxSets bounds the names of collations that are kept.
const maxSets = 1000

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
