package detect

import (
	"slices"

	"breakglass/core"
	"breakglass/core/backup/php"
)

// wpConstants are the constants that matter, and whether a site cannot do
// without.
var wpConstants = []struct {
	name   string
	needed bool
}{
	{"DB_NAME", true}, {"DB_USER", true}, {"DB_PASSWORD", true}, {"DB_HOST", true}, {"DB_CHARSET", false}, {"DB_ENGINE", false},
}

var wpLabels = Labels{Name: "DB_NAME", User: "DB_USER", Password: "DB_PASSWORD", Host: "DB_HOST", Charset: "DB_CHARSET", Prefix: "$table_prefix"}

// wpValue is a value found in a configuration.
type wpValue struct {
	text  string
	known bool // else it is computed when the site runs
	line  int
}

// parseWPConfig reads a wp-config.php without running it. Where a value that
// is needed is missing, computed or set twice the refusal names the line: a
// guess could dump the wrong database.
func parseWPConfig(src []byte) (Database, error) {
	values := map[string][]wpValue{}
	tokens := php.Scan(src)
	for i := range tokens {
		if name, value, ok := definition(tokens[i:]); ok {
			values[name] = append(values[name], value)
		}
	}
	found := map[string]string{}
	for _, constant := range wpConstants {
		text, err := onlyValue(constant.name, values[constant.name], constant.needed)
		if err != nil {
			return Database{}, err
		}
		found[constant.name] = text
	}
	prefix, err := onlyValue("$table_prefix", values["$table_prefix"], false)
	if err != nil {
		return Database{}, err
	}
	return Database{
		Driver: MySQL, File: "wp-config.php", Labels: wpLabels, Name: found["DB_NAME"], User: found["DB_USER"], Password: core.NewSecret(found["DB_PASSWORD"]), Host: found["DB_HOST"],
		Charset: found["DB_CHARSET"], Prefix: prefix, Engine: found["DB_ENGINE"],
	}, nil
}

// onlyValue returns the one value of a name.
func onlyValue(name string, values []wpValue, needed bool) (string, error) {
	if len(values) == 0 {
		if !needed {
			return "", nil
		}
		return "", core.Refuse(core.ErrDatabase, "wp-config.php does not set %s itself, so the database was not found; ask your web manager to write it there as plain text.", name)
	}
	for _, value := range values {
		if !value.known {
			return "", core.Refuse(core.ErrDatabase, "wp-config.php computes %s on line %d, which only the running site could do; ask your web manager to write it there as plain text.",
				name, value.line)
		}
		if value.text != values[0].text {
			return "", core.Refuse(core.ErrDatabase, "wp-config.php sets %s to different values on lines %d and %d; ask your web manager to leave the one that is used.",
				name, values[0].line, value.line)
		}
	}
	return values[0].text, nil
}

// definition recognises define('NAME', VALUE), const NAME = VALUE and
// $table_prefix = VALUE at the start of tokens.
func definition(tokens []php.Token) (string, wpValue, bool) {
	first := tokens[0]
	switch {
	case first.Is(php.Word, "define") && len(tokens) > 4 && tokens[1].Is(php.Sign, "(") && tokens[3].Is(php.Sign, ","):
		name := tokens[2]
		if name.Kind != php.Literal || !wanted(name.Text) {
			return "", wpValue{}, false
		}
		return name.Text, valueOf(tokens[4:], ",", ")"), true
	case first.Is(php.Word, "const") && len(tokens) > 3 && tokens[2].Is(php.Sign, "=") && wanted(tokens[1].Text):
		return tokens[1].Text, valueOf(tokens[3:], ";", ","), true
	case first.Kind == php.Variable && first.Text == "table_prefix" && len(tokens) > 2 && assignment(tokens[1:]):
		return "$table_prefix", valueOf(tokens[2:], ";", ";"), true
	}
	return "", wpValue{}, false
}

// assignment reports whether tokens start with any form of an assignment: a
// prefix that is built up with .= is computed.
func assignment(tokens []php.Token) bool {
	if tokens[0].Is(php.Sign, ".") {
		return len(tokens) > 1 && tokens[1].Is(php.Sign, "=")
	}
	return tokens[0].Is(php.Sign, "=") && len(tokens) > 1 && !tokens[1].Is(php.Sign, "=")
}

func wanted(name string) bool {
	return slices.ContainsFunc(wpConstants, func(c struct {
		name   string
		needed bool
	}) bool {
		return c.name == name
	})
}

// valueOf reads a value that one of two signs ends.
func valueOf(tokens []php.Token, end, otherEnd string) wpValue {
	if len(tokens) == 0 {
		return wpValue{}
	}
	value := wpValue{text: tokens[0].Text, line: tokens[0].Line}
	if len(tokens) < 2 || tokens[1].Kind != php.Sign || tokens[1].Text != end && tokens[1].Text != otherEnd {
		return value
	}
	value.known = tokens[0].Kind == php.Literal
	return value
}
