package command

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"breakglass/core/safetext"
	"breakglass/core/view"
)

// usageError is a line that was not understood: one sentence that says what
// would be.
type usageError struct{ sentence string }

// Error returns the sentence.
func (e *usageError) Error() string { return e.sentence }

// misread makes a usageError of the text "command.<id>".
func (s *session) misread(id string, data map[string]any) error {
	return &usageError{s.text(id, data)}
}

// quote makes a word of the peer's fit to be shown back, short.
func quote(word string) string { return view.Cut(safetext.Line(word), 40) }

// understand finds words that name no command, before cobra stumbles over the
// flags behind them. It also keeps cobra's hidden completion request away: that
// one writes to the server's own standard error.
func (s *session) understand(root *cobra.Command, args []string) error {
	for _, arg := range args {
		if strings.HasPrefix(arg, cobra.ShellCompRequestCmd) {
			return s.unknown(root, arg)
		}
	}
	cmd, rest, err := root.Find(args)
	if err != nil || !cmd.HasSubCommands() {
		return err
	}
	for _, arg := range rest {
		if arg == "--" {
			continue
		}
		if !strings.HasPrefix(arg, "-") {
			return s.unknown(cmd, arg)
		}
	}
	return nil
}

// unknown says that a word names no command, and the nearest one.
func (s *session) unknown(parent *cobra.Command, word string) error {
	var names []string
	for _, cmd := range parent.Commands() {
		names = append(names, path(cmd))
	}
	prefix := path(parent)
	if prefix != "" {
		prefix += " "
	}
	data := map[string]any{"Word": quote(prefix + word)}
	if near := nearest(prefix+word, names); near != "" {
		data["Near"] = near
		return s.misread("unknown_near", data)
	}
	return s.misread("unknown", data)
}

// flagError turns pflag's complaints into one sentence.
func (s *session) flagError(cmd *cobra.Command, err error) error {
	var none *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	data := map[string]any{"Command": path(cmd)}
	switch {
	case errors.As(err, &none):
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		word := "--" + none.GetSpecifiedName()
		data["Word"] = quote(word)
		if data["Near"] = nearest(word, names); data["Near"] != "" {
			return s.misread("flag_unknown_near", data)
		}
		return s.misread("flag_unknown", data)
	case errors.As(err, &empty):
		data["Word"] = quote("--" + empty.GetSpecifiedName())
		return s.misread("flag_empty", data)
	case errors.As(err, &wrong):
		data["Word"], data["Value"] = "--"+wrong.GetFlag().Name, quote(wrong.GetValue())
		data["Kind"] = s.text("kind."+strings.ToLower(wrong.GetFlag().Value.Type()), nil)
		return s.misread("flag_value", data)
	default:
		return s.misread("flag_syntax", data)
	}
}

// exactly wants one word a name, and says which is missing or too many.
func (s *session) exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return s.misread("too_many", map[string]any{"Word": quote(args[len(names)])})
		}
		return s.atLeast(names...)(cmd, args)
	}
}

// atLeast wants one word a name and takes more.
func (s *session) atLeast(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		for i, name := range names {
			if i >= len(args) || args[i] == "" {
				return s.misread("missing", map[string]any{"Command": path(cmd), "Name": name, "Usage": usage(cmd)})
			}
		}
		return nil
	}
}

// path is a command's name without the program's: "site add"; "" for the root.
func path(cmd *cobra.Command) string {
	_, rest, _ := strings.Cut(cmd.CommandPath(), " ")
	return rest
}

// usage is what to type after "ssh person@host": "site show SITE".
func usage(cmd *cobra.Command) string {
	_, rest, _ := strings.Cut(cmd.UseLine(), " ")
	return rest
}

// nearest returns the name that a word was likely meant to be, or "": one that
// it begins, else the one with the fewest other letters.
func nearest(word string, names []string) string {
	word = strings.ToLower(quote(word))
	best, least := "", 3
	for _, name := range names {
		if len(word) >= 3 && strings.HasPrefix(name, word) {
			return name
		}
		if d := distance(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to change between two words (Levenshtein).
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range to {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
