package view

import (
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// LogFilter says in plain words what a query looks for, times in UTC: "site
// acme, from 2026-11-20 00:00:00 UTC"; "" where it looks for everything.
func LogFilter(lang string, q core.LogQuery) string {
	var parts []string
	for _, term := range q.Terms() {
		value := safetext.Line(term[1])
		switch term[0] {
		case "from":
			value = Moment(q.From, "")
		case "to":
			value = Moment(q.To, "")
		}
		parts = append(parts, words.Text(lang, "log.only."+term[0], map[string]any{"Value": value}))
	}
	return strings.Join(parts, ", ")
}

// LogFlags are the words that say the same to `log list` and `log export`.
func LogFlags(q core.LogQuery) []string {
	var flags []string
	for _, term := range q.Terms() {
		flags = append(flags, "--"+term[0], safetext.Line(term[1]))
	}
	return flags
}

// Remote is the line that has a command carried out over SSH: me, as [SSH] makes
// it, and the command's words. Where a word is more than letters and a few
// signs, the command is quoted twice: for the reader's own shell, and for the
// console, which splits what it is sent.
func Remote(me string, command ...string) string {
	quoted := false
	parts := make([]string, len(command))
	for i, word := range command {
		parts[i] = word
		if strings.ContainsFunc(word, special) {
			parts[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
			quoted = true
		}
	}
	line := strings.Join(parts, " ")
	if quoted {
		line = "'" + strings.ReplaceAll(line, "'", `'\''`) + "'"
	}
	return me + " " + line
}

// special reports whether a rune may mean something to a shell.
func special(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !letter && !strings.ContainsRune("-_.,:/@+=", r)
}
