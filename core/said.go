package core

import (
	"encoding/json"
	"fmt"
	"strings"

	"breakglass/core/safetext"
)

// Said is a sentence as it was made, so that whoever reads it can have it in
// their own language: the catalogue finds its text by the English one. Records
// and messages keep it as it is, for it is not known yet who will read them. The
// zero value is no sentence.
type Said struct {
	Format string `json:"format,omitempty"` // English, with %s for each of Args; "": this is Value
	Args   []Said `json:"args,omitempty"`
	Value  string `json:"value,omitempty"` // a name or a number, the same in every language
}

// Say makes a sentence as fmt.Sprintf does. Of its verbs it knows those that need
// nothing more than their letter; an argument that is a Said is put into each
// language by itself.
func Say(format string, args ...any) Said {
	said := Said{Format: format}
	for _, arg := range args {
		inner, ok := arg.(Said)
		if !ok {
			inner = Said{Value: fmt.Sprint(arg)}
		}
		said.Args = append(said.Args, inner)
	}
	return said
}

// IsZero reports whether nothing was said.
func (s Said) IsZero() bool { return s.Format == "" && s.Value == "" }

// String returns it in English.
func (s Said) String() string { return s.In(func(english string) string { return english }) }

// In returns it as translate gives each of its formats. A translation may take
// the arguments in another order, as %[2]s.
func (s Said) In(translate func(english string) string) string {
	if s.Format == "" {
		return s.Value
	}
	args := make([]any, len(s.Args))
	for i, arg := range s.Args {
		args[i] = arg.In(translate)
	}
	format := translate(s.Format)
	if len(args) == 0 {
		return strings.ReplaceAll(format, "%%", "%")
	}
	return fmt.Sprintf(strings.ReplaceAll(format, "%d", "%s"), args...) // each is text by now
}

// said is the state within a sentence.
func (s RequestState) said() Said { return Say(string(s)) }

func (s JobState) said() Said { return Say(string(s)) }

// encode is how a message carries it.
func (s Said) encode() string {
	data, _ := json.Marshal(s) //nolint:errcheck,errchkjson // texts alone
	return string(data)
}

// ReadSaid reads what a message carries under [SaidField]; the zero value where
// that is nothing.
func ReadSaid(text string) Said {
	var s Said
	if json.Unmarshal([]byte(text), &s) != nil {
		return Said{}
	}
	return s
}

// SaidField is where a message's data carries why something failed, beside its
// English in "problem".
const SaidField = "problem_said"

// saidOf is what an owner is told of an error: its own sentence if it has one,
// else a general one. The rest stays in the server's log.
func saidOf(err error) Said {
	refusal, ok := refusalOf(err)
	switch {
	case ok && !refusal.Said.IsZero():
		return refusal.Said
	case ok:
		return Said{Value: safetext.Note(refusal.Error())}
	}
	return generalProblem(err)
}
