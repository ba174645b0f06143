package audit

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Most lines of a log are plain: visible ASCII without a quote or a backslash in
// its texts, names in order. What is written here reads those, several times as
// fast as encoding/json, and leaves every other line to it. It reads nothing in
// another way: a text that is not plain, a name out of place, a space too much,
// and it reads nothing at all.

// quick is what is left to read, and where its maps come from.
type quick struct {
	rest string
	maps *maps
}

// maps are handed out one after the other, and again from the first on for the
// next line: most of what a verifier would leave to the garbage collector is
// maps. nil hands out new ones.
type maps struct {
	all  []map[string]string
	next int
}

// take returns an empty map.
func (m *maps) take() map[string]string {
	if m == nil {
		return make(map[string]string, 4)
	}
	if m.next == len(m.all) {
		m.all = append(m.all, make(map[string]string, 4))
	}
	m.next++
	clear(m.all[m.next-1])
	return m.all[m.next-1]
}

// takeBack makes all that were handed out free.
func (m *maps) takeBack() { m.next = 0 }

// skip takes exactly that text.
func (q *quick) skip(text string) bool {
	rest, ok := strings.CutPrefix(q.rest, text)
	if ok {
		q.rest = rest
	}
	return ok
}

// text takes a string.
func (q *quick) text() (string, bool) {
	if q.rest == "" || q.rest[0] != '"' {
		return "", false
	}
	for i := 1; i < len(q.rest); i++ {
		switch c := q.rest[i]; {
		case c == '"':
			text := q.rest[1:i]
			q.rest = q.rest[i+1:]
			return text, true
		case c < ' ' || c > '~' || c == '\\':
			return "", false
		}
	}
	return "", false
}

// fields takes an object, of at least one field, whose names are in order, and
// each of whose values is taken by take.
func (q *quick) fields(take func(name string) bool) bool {
	if !q.skip("{") {
		return false
	}
	for last, first := "", true; ; first = false {
		name, ok := q.text()
		if !ok || (!first && name <= last) || !q.skip(":") || !take(name) {
			return false
		}
		last = name
		if q.skip("}") {
			return true
		}
		if !q.skip(",") {
			return false
		}
	}
}

// texts takes an object of strings.
func (q *quick) texts() (map[string]string, bool) {
	out := q.maps.take()
	ok := q.fields(func(name string) (ok bool) {
		out[name], ok = q.text()
		return ok
	})
	return out, ok
}

// quickLeaf reads a leaf as Encode wrote it, where it is plain.
func quickLeaf(data string, m *maps) (l Leaf, ok bool) {
	q := &quick{data, m}
	ok = q.fields(func(name string) (ok bool) {
		switch name {
		case "actor":
			l.Actor, ok = q.text()
		case "data":
			l.Data, ok = q.texts()
		case "from":
			l.From, ok = q.text()
		case "grant":
			l.Grant, ok = q.text()
		case "personal":
			l.Personal, ok = q.texts()
		case "request":
			l.Request, ok = q.text()
		case "result":
			l.Result, ok = q.text()
		case "seq":
			l.Seq, ok = q.number()
		case "site":
			l.Site, ok = q.text()
		case "time":
			l.Time, ok = q.time()
		case "to":
			l.To, ok = q.text()
		case "verb":
			l.Verb, ok = q.text()
		}
		return ok
	})
	return l, ok && q.rest == ""
}

// number takes a number that is not negative.
func (q *quick) number() (int64, bool) {
	end := 0
	for end < len(q.rest) && q.rest[end] >= '0' && q.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(q.rest[:end], 10, 64)
	if err != nil || (end > 1 && q.rest[0] == '0') {
		return 0, false
	}
	q.rest = q.rest[end:]
	return n, true
}

func (q *quick) time() (at time.Time, ok bool) {
	text, ok := q.text()
	return at, ok && at.UnmarshalText([]byte(text)) == nil
}

// quickPersonal reads what lies beside a leaf, where it is plain. It takes only
// the one form that it can be written in.
func quickPersonal(data string, m *maps) (beside map[string]Personal, ok bool) {
	q := &quick{data, m}
	beside = make(map[string]Personal, 1)
	ok = q.fields(func(subject string) bool {
		var p Personal
		if !q.skip(`{"salt":`) {
			return false
		}
		salt, ok := q.text()
		if !ok || !q.skip(`,"fields":`) {
			return false
		}
		var err error
		if p.Salt, err = base64.StdEncoding.Strict().DecodeString(salt); err != nil || len(p.Salt) == 0 {
			return false
		}
		if p.Fields, ok = q.texts(); !ok {
			return false
		}
		beside[subject] = p
		return q.skip("}")
	})
	return beside, ok && q.rest == ""
}
