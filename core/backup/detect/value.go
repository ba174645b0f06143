package detect

import (
	"breakglass/core"
	"breakglass/core/backup/php"
	"breakglass/core/safetext"
)

// computed refuses a value that only the running site could tell.
func computed(file, name string, line int) error {
	return core.Refuse(core.ErrDatabase, "%s computes %s on line %d, which only the running site could do; ask your web manager to write it there as plain text.",
		safetext.Line(file), name, line)
}

// differing refuses a value that is set twice: a guess could dump the wrong
// database.
func differing(file, name string, line, other int) error {
	return core.Refuse(core.ErrDatabase, "%s sets %s to different values on lines %d and %d; ask your web manager to leave the one that is used.",
		safetext.Line(file), name, line, other)
}

// unset refuses a configuration that does not say where its database is.
func unset(file, name string) error {
	return core.Refuse(core.ErrDatabase, "%s does not set %s itself, so the database was not found; ask your web manager to write it there as plain text.",
		safetext.Line(file), name)
}

// plain returns a value that stands there as text. What is not there, or null,
// is "". name is what a sentence calls it.
func plain(v php.Value, file, name string) (string, error) {
	if v.File != "" {
		file = v.File
	}
	switch v.Kind {
	case php.Scalar:
		return v.Text, nil
	case php.Nothing, php.Null:
		return "", nil
	case php.Conflict:
		return "", differing(file, name, v.Line, v.Where)
	default:
		return "", computed(file, name, v.Line)
	}
}

// fields reads several values at once and keeps the first refusal.
type fields struct {
	file string // that a sentence names
	err  error
}

// plain reads one value; label is what a sentence calls it.
func (f *fields) plain(v php.Value, label string) string {
	text, err := plain(v, f.file, label)
	if f.err == nil {
		f.err = err
	}
	return text
}

// unknownDriver refuses a kind of database that is not known.
func unknownDriver(file, name string) error {
	return core.Refuse(core.ErrDatabase, "%s in %s names a kind of database that is not known here, so the database was not found; ask your web manager.", name, safetext.Line(file))
}
