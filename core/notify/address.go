package notify

import (
	"net/mail"
	"regexp"
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"

	"github.com/nyaruka/phonenumbers"
)

// The limits of a mail address, by RFC 5321.
const (
	maxAddress = 254
	maxDomain  = 253
)

// The forms of an address's parts. They leave out what mail would allow and no
// real mailbox uses (quoted names, comments, literal hosts), so that an address
// can stand in any header as it is.
var (
	localForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$")
	labelForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	topForm   = regexp.MustCompile(`[a-z]`)
	phoneForm = regexp.MustCompile(`^\+[0-9 ().\-/]{5,40}$`)
)

// CheckAddress returns an address in its one form: E.164 for a number, a bare
// mail address with its domain in lower case for email. What cannot be used is
// core.ErrInvalid with a sentence that says what to do. It fits
// [core.Options.CheckAddress].
func CheckAddress(kind core.ContactKind, address string) (string, error) {
	address = strings.Trim(address, " \t")
	switch kind {
	case core.ContactEmail:
		return checkMail(address)
	case core.ContactPhone:
		return checkPhone(address)
	default:
		return "", core.Refuse(core.ErrInvalid, "Messages go by email or by SMS, not by “%s”.", safetext.Line(string(kind)))
	}
}

func checkMail(address string) (string, error) {
	shown := safetext.Line(address)
	if len(address) > maxAddress {
		return "", core.Refuse(core.ErrInvalid, "A mail address has %d characters at most; check what you typed.", maxAddress)
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return "", core.Refuse(core.ErrInvalid, "“%s” is not a mail address; give it bare, without a name, like jo@acme.example.", shown)
	}
	at := strings.LastIndexByte(address, '@')
	local, domain := address[:at], strings.ToLower(address[at+1:])
	if !localForm.MatchString(local) {
		return "", core.Refuse(core.ErrInvalid, "“%s” has characters before the @ that not all mail systems carry; give an address of plain letters, digits and . _ + -.", shown)
	}
	if !isASCII(domain) {
		return "", core.Refuse(core.ErrInvalid, "“%s” has letters behind the @ that a mail header cannot carry; give the domain in its xn-- form.", shown)
	}
	if !isDomain(domain) {
		return "", core.Refuse(core.ErrInvalid, "“%s” is not a mail address: what stands behind the @ is no domain such as acme.example.", shown)
	}
	return local + "@" + domain, nil
}

// isDomain reports whether s is a lower-case domain of two labels or more. An
// address of the internet protocol is none.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > maxDomain || len(labels) < 2 || !topForm.MatchString(labels[len(labels)-1]) {
		return false
	}
	for _, label := range labels {
		if !labelForm.MatchString(label) {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func checkPhone(address string) (string, error) {
	shown := safetext.Line(address)
	if !strings.HasPrefix(address, "+") {
		return "", core.Refuse(core.ErrInvalid, "Give the number with its country, beginning with +, like +31612345678.")
	}
	if !phoneForm.MatchString(address) {
		return "", core.Refuse(core.ErrInvalid, "“%s” is not a phone number; give digits only behind the +, like +31612345678.", shown)
	}
	number, err := phonenumbers.Parse(address, "")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", core.Refuse(core.ErrInvalid, "“%s” is not a number that exists in its country's plan; check it digit by digit.", shown)
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}
