package notify

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxSMS is what one SMS holds in the GSM-7 alphabet.
const maxSMS = 160

// gsmBasic is GSM 03.38's basic alphabet without its controls: each of these
// takes one of the 160 places.
const gsmBasic = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡" +
	"ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// gsmInstead says how to write what the basic alphabet lacks. What takes two
// places there is replaced as well, so that a length is a count of letters.
var gsmInstead = map[rune]string{
	'•': "*", '…': "...", '–': "-", '—': "-", '‐': "-", '‑': "-", '−': "-", '·': ".",
	'‘': "'", '’': "'", '‚': "'", '‛': "'", '“': "\"", '”': "\"", '„': "\"", '«': "\"", '»': "\"", '`': "'", '´': "'",
	'[': "(", ']': ")", '{': "(", '}': ")", '\\': "/", '|': "/", '~': "-", '^': "'", '€': "EUR", '×': "x",
	'Æ': "Æ", 'œ': "oe", 'Œ': "OE", 'ł': "l", 'Ł': "L", 'đ': "d", 'Đ': "D", 'ð': "d", 'þ': "th", 'ı': "i", 'ẞ': "SS",
}

// gsm returns s in GSM-7's basic alphabet: one place for each letter of the
// result. Accents that the alphabet lacks are dropped, what cannot be written
// becomes "?".
func gsm(s string) string {
	var out strings.Builder
	for _, r := range norm.NFC.String(s) {
		out.WriteString(gsmLetter(r))
	}
	return out.String()
}

func gsmLetter(r rune) string {
	if strings.ContainsRune(gsmBasic, r) {
		return string(r)
	}
	if instead, ok := gsmInstead[r]; ok {
		return instead
	}
	if unicode.IsSpace(r) {
		return " "
	}
	if unicode.Is(unicode.M, r) {
		return ""
	}
	if base, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(r))); base != r && strings.ContainsRune(gsmBasic, base) {
		return string(base)
	}
	return "?"
}

// cut shortens text in GSM-7 letters to n.
func cut(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return strings.TrimRight(string(runes[:max(n, 0)]), " ,;:-")
}

func places(s string) int { return utf8.RuneCountInString(s) }

// numberForm finds what may be a phone number in free text.
var numberForm = regexp.MustCompile(`\+?[0-9]* ?(\([0-9]{1,5}\) ?)?[0-9][0-9 ./-]{3,}[0-9]`)

// minDigits is the fewest digits that are taken for a number rather than for
// opening hours.
const minDigits = 6

// shortCall fits whom to call into n places. A number in it is what counts: it
// stays whole, and as much of the name before it as there is room for.
func shortCall(call string, n int) string {
	call = gsm(call)
	if places(call) <= n {
		return call
	}
	at, number := findNumber(call)
	if number == "" || places(number) > n {
		return cut(call, n)
	}
	name := cut(strings.TrimRight(call[:at], " ,;:-("), n-places(number)-1)
	return cut(strings.TrimLeft(name+" "+number, " "), n)
}

// findNumber returns the phone number in a text, without what only makes it
// easy to read, and where it stands: the first with its country, else the one
// with the most digits. "" is none.
func findNumber(text string) (at int, number string) {
	for _, span := range numberForm.FindAllStringIndex(text, -1) {
		found := compact(text[span[0]:span[1]])
		switch {
		case len(found) < minDigits:
		case strings.HasPrefix(found, "+"):
			return span[0], found
		case len(found) > len(number):
			at, number = span[0], found
		}
	}
	return at, number
}

// compact leaves the digits of a number, and the + of its country; the "(0)"
// that is only dialled at home goes.
func compact(number string) string {
	number = strings.TrimSpace(number)
	if strings.HasPrefix(number, "+") {
		number = strings.ReplaceAll(number, "(0)", "")
	}
	return strings.Map(func(r rune) rune {
		if r == '+' || (r >= '0' && r <= '9') {
			return r
		}
		return -1
	}, number)
}
