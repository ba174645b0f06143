package repoint

import (
	"net/url"
	"slices"
	"strings"

	"breakglass/core/backup/php"
)

// Where a site has several databases, each setting that names one says by its old
// name which of them it means.

// own is the database of a program's own connection, which names old now; ok is
// false where nothing is known of that one.
func (j *job) own(old string) (d Database, ok bool) {
	if d, ok := j.moved(old); ok {
		return d, true
	}
	return j.options.Database, j.options.Database.Name != ""
}

// moved is where a database went. One that a setting names by its new name
// already, as in a file that two programs share, is that one.
func (j *job) moved(old string) (d Database, ok bool) {
	if d, ok := j.options.Moved[old]; ok && old != "" {
		return d, true
	}
	for _, d := range j.options.Moved {
		if d.Name == old {
			return d, true
		}
	}
	return Database{}, false
}

// value is what a setting is in the last of some PHP files that has it as plain
// text.
func (j *job) value(name string, files ...string) string {
	if all := j.values(name, files...); len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// values are the texts that a setting is given in some PHP files, each once, in the
// order of where it is last.
func (j *job) values(name string, files ...string) (texts []string) {
	for _, file := range files {
		src, err := readFile(j.root, file)
		if err != nil {
			continue // whoever plans the file meets it again
		}
		for _, s := range settings(php.Scan(src)) {
			if s.name == name && s.known && s.value.Kind == php.Literal {
				texts = append(slices.DeleteFunc(texts, func(t string) bool { return t == s.value.Text }), s.value.Text)
			}
		}
	}
	return texts
}

// further adds the wishes of each connection beside a program's own whose
// database is known to have moved. Its settings begin with start and the
// database's ends with end.
func (j *job) further(w wishes, own, start, end string, connection func(prefix string, d Database) wishes, files ...string) {
	for _, file := range files {
		src, err := readFile(j.root, file)
		if err != nil {
			continue
		}
		for _, s := range settings(php.Scan(src)) {
			prefix, ok := strings.CutSuffix(s.name, end)
			if !ok || !strings.HasPrefix(s.name, start) || prefix+"." == own || !s.known || s.value.Kind != php.Literal {
				continue
			}
			if d, ok := j.moved(s.value.Text); ok {
				for name, wish := range connection(prefix+".", d) {
					w[name] = wish
				}
			}
		}
	}
}

// envRoles are the parts of a connection, by what stands in the place of DATABASE
// or NAME in the variable that names its database.
var envRoles = []struct {
	words []string
	value func(Database) string
}{
	{[]string{"HOST"}, Database.host},
	{[]string{"USERNAME", "USER"}, func(d Database) string { return d.User }},
	{[]string{"PASSWORD", "PASS"}, func(d Database) string { return d.Password.Reveal() }},
	{[]string{"PORT"}, Database.port},
	{[]string{"SOCKET"}, func(d Database) string { return d.Socket }},
}

// envOwn are the variables that name the program's own database.
var envOwn = []string{"DB_DATABASE", "DB_NAME", "DATABASE_URL", "DB_URL"}

// envMoved finds the variables of connections beside the program's own, and what
// they are to be. lacking are those databases of which the file does not say all.
func (j *job) envMoved(lines []envLine, rules envRules) (want map[string]string, lacking []string) {
	has := func(name string) bool {
		return slices.ContainsFunc(lines, func(l envLine) bool { return l.name == name })
	}
	want = map[string]string{}
	for _, l := range lines {
		if !l.known || slices.Contains(envOwn, l.name) {
			continue
		}
		if strings.HasSuffix(l.name, "_URL") {
			if d, ok := j.moved(urlDatabase(l.text)); ok {
				want[l.name] = databaseURL(l.text, d, rules.percents)
			}
			continue
		}
		d, ok := j.moved(l.text)
		word, stem := "DATABASE", ""
		if !strings.Contains(l.name, word) {
			word, stem = "DB_NAME", "DB_"
		}
		if !ok || !strings.Contains(l.name, word) {
			continue
		}
		want[l.name] = d.Name
		for i, role := range envRoles {
			found := false
			for _, name := range role.words {
				sibling := strings.Replace(l.name, word, stem+name, 1)
				if has(sibling) {
					want[sibling], found = role.value(d), true
				}
			}
			if !found && i < 3 && !slices.Contains(lacking, l.name) {
				lacking = append(lacking, l.name)
			}
		}
	}
	return want, lacking
}

// urlDatabase is the database that a URL names.
func urlDatabase(text string) string {
	_, rest, ok := strings.Cut(text, "://")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	at := strings.LastIndexByte(rest, '/')
	if at < 0 {
		return ""
	}
	name, err := url.PathUnescape(rest[at+1:])
	if err != nil {
		return ""
	}
	return name
}

// envDatabase is the database of a program's own that .env files name.
func envDatabase(lines []envLine) (name string) {
	for _, l := range lines {
		switch {
		case !l.known || l.text == "":
		case l.name == "DB_DATABASE" || l.name == "DB_NAME":
			name = l.text
		case l.name == "DATABASE_URL" || l.name == "DB_URL":
			return urlDatabase(l.text)
		}
	}
	return name
}
