package view

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// kitWidth is what fits on a page in a typewriter face, and in a mail.
const kitWidth = 72

// Kit is the owner's emergency sheet as plain text: no line above 72 columns
// except a command to type, short enough for one page. It reveals the kit's
// secrets: it is the one place where they are shown, once.
func Kit(lang string, k core.Kit) string {
	s := sheet{lang: lang, data: map[string]any{
		"Site": safetext.Line(k.Site), "Life": Span(lang, k.Life), "Hold": Span(lang, core.PaperHold), "Host": safetext.Line(k.Host),
		"Made": TimeAndUTC(k.Made, k.Zone),
	}}
	s.line(rightAlign(s.text("kit.title"), safetext.Line(k.Site)))
	s.line(strings.Repeat("=", kitWidth))
	if title := safetext.Line(k.Title); title != "" {
		s.wrap("", title)
	}
	s.wrap("", s.text("kit.made"))
	s.wrap("", s.text("kit.keep"))

	s.heading("kit.login.heading")
	s.line("  " + SSH(k.Site, k.Host, k.Port))
	s.line("")
	s.secret("kit.passphrase", k.Passphrase, "kit.passphrase_note")
	s.secret("kit.paper", k.Paper, "kit.paper_note")

	s.heading("kit.steps.heading")
	for n := 1; words.Has(fmt.Sprintf("kit.step%d", n)); n++ {
		s.wrap(fmt.Sprintf("  %d. ", n), s.text(fmt.Sprintf("kit.step%d", n)))
	}

	s.heading("kit.codes.heading")
	s.contacts(k.Contacts)
	s.heading("kit.call.heading")
	if call := safetext.Line(k.Call); call != "" {
		s.wrap("  ", call)
	} else {
		s.wrap("  ", s.text("kit.call.none"))
		s.line("")
		s.line("  " + strings.Repeat("_", kitWidth-2))
	}

	s.heading("kit.keys.heading")
	s.key("kit.host_key", k.HostKey)
	s.key("kit.archive_key", k.ArchiveKey)
	s.key("kit.log_key", k.LogKey)
	s.wrap("", s.text("kit.mismatch"))
	return s.b.String()
}

// SSH is the line that a person types to get in.
func SSH(user, host string, port int) string {
	line := "ssh " + safetext.Line(user) + "@" + safetext.Line(host)
	if port != 0 && port != 22 {
		line = fmt.Sprintf("ssh -p %d %s@%s", port, safetext.Line(user), safetext.Line(host))
	}
	return line
}

// sheet builds the text of a kit.
type sheet struct {
	lang string
	data map[string]any
	b    strings.Builder
}

func (s *sheet) text(id string) string { return words.Text(s.lang, id, s.data) }

func (s *sheet) line(text string) { s.b.WriteString(text + "\n") }

func (s *sheet) heading(id string) {
	s.line("")
	s.line(s.text(id))
}

// wrap writes a text behind a lead; its further lines stand under the first.
func (s *sheet) wrap(lead, text string) {
	indent := strings.Repeat(" ", uniseg.StringWidth(lead))
	for i, line := range Wrap(text, kitWidth-len(indent)) {
		if i == 0 {
			s.line(strings.TrimRight(lead+line, " "))
			continue
		}
		s.line(indent + line)
	}
}

// secret shows a secret as it must be typed, and what it is for.
func (s *sheet) secret(name string, secret core.Secret, note string) {
	if secret.IsZero() {
		return
	}
	s.line("  " + s.text(name))
	s.wrap("      ", safetext.Line(secret.Reveal()))
	if groups := Aloud(secret); groups != "" {
		s.wrap("      ", words.Text(s.lang, "kit.aloud", map[string]any{"Groups": groups}))
	}
	s.wrap("    ", s.text(note))
}

// contacts says where the code will go, masked.
func (s *sheet) contacts(list []core.ContactInfo) {
	none := true
	for _, c := range list {
		if c.Watch {
			continue
		}
		none = false
		s.wrap("  - ", named(s.lang, "view.kind.", string(c.Kind))+" "+cell(c.Masked))
	}
	if none {
		s.wrap("  ", s.text("kit.codes.none"))
	}
}

// key shows a fingerprint under its name, where there is such a key.
func (s *sheet) key(name, fingerprint string) {
	if fingerprint == "" {
		return
	}
	width := 12
	for _, other := range []string{"kit.host_key", "kit.archive_key", "kit.log_key"} {
		width = max(width, uniseg.StringWidth(s.text(other)))
	}
	s.wrap("  "+Pad(s.text(name), width)+" ", safetext.Line(fingerprint))
}

// Aloud cuts a secret without groups of its own into groups of four, as one
// would read it over the telephone; "" for one that has groups already.
func Aloud(secret core.Secret) string {
	text := secret.Reveal()
	if strings.ContainsAny(text, "- ") || len(text) <= 6 {
		return ""
	}
	var groups []string
	for len(text) > 4 {
		groups, text = append(groups, text[:4]), text[4:]
	}
	return safetext.Line(strings.Join(append(groups, text), " "))
}

// Wrap breaks a text into lines of at most width columns, between words; a word
// longer than a line is cut after a hyphen, or where the line ends.
func Wrap(text string, width int) []string {
	width = max(width, 1)
	var lines []string
	line := ""
	flush := func() {
		if line = strings.TrimRight(line, " "); line != "" {
			lines = append(lines, line)
		}
		line = ""
	}
	for _, word := range strings.Fields(text) {
		if line != "" && uniseg.StringWidth(line+word) > width {
			flush()
		}
		for uniseg.StringWidth(word) > width {
			head := chop(word, width)
			line = head
			flush()
			word = word[len(head):]
		}
		line += word + " "
	}
	flush()
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

// chop returns the head of a word that fits the width, after a hyphen if it
// can, and at least one grapheme.
func chop(word string, width int) string {
	head, room := "", width
	for g := uniseg.NewGraphemes(word); g.Next(); room -= g.Width() {
		if head != "" && g.Width() > room {
			break
		}
		head += g.Str()
	}
	if i := strings.LastIndex(head, "-"); i > 0 && len(head) < len(word) {
		return head[:i+1]
	}
	return head
}

// rightAlign puts one text at the left and one at the right end of a line.
func rightAlign(left, right string) string {
	return Pad(left, kitWidth-uniseg.StringWidth(right)) + right
}
