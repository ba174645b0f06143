package notify

import (
	"errors"
	"net/mail"
	"strings"
	"testing"

	"breakglass/core"
)

func TestCheckAddress(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, test := range []struct {
		kind     core.ContactKind
		in, want string // "" is refused
	}{
		{core.ContactEmail, "jo@acme.example", "jo@acme.example"},
		{core.ContactEmail, "  jo@acme.example\t", "jo@acme.example"},
		{core.ContactEmail, "Jo.Smith+door@ACME.Example", "Jo.Smith+door@acme.example"},
		{core.ContactEmail, "jo@xn--bcher-kva.example", "jo@xn--bcher-kva.example"},
		{core.ContactEmail, long + "@acme.example", long + "@acme.example"},
		{core.ContactEmail, "", ""},
		{core.ContactEmail, "jo", ""},
		{core.ContactEmail, "@acme.example", ""},
		{core.ContactEmail, "jo@", ""},
		{core.ContactEmail, "jo@localhost", ""},
		{core.ContactEmail, "jo@[192.0.2.1]", ""},
		{core.ContactEmail, "jo@192.0.2.1", ""},
		{core.ContactEmail, "jo@acme..example", ""},
		{core.ContactEmail, "jo@-acme.example", ""},
		{core.ContactEmail, "jo@acme.example.", ""},
		{core.ContactEmail, "jo@bücher.example", ""},
		{core.ContactEmail, "jö@acme.example", ""},
		{core.ContactEmail, ".jo@acme.example", ""},
		{core.ContactEmail, "Jo <jo@acme.example>", ""},
		{core.ContactEmail, "<jo@acme.example>", ""},
		{core.ContactEmail, "jo@acme.example (Jo)", ""},
		{core.ContactEmail, `"jo smith"@acme.example`, ""},
		{core.ContactEmail, `"jo@evil.example,"@acme.example`, ""},
		{core.ContactEmail, "jo@acme.example,eve@evil.example", ""},
		{core.ContactEmail, "jo@acme.example\r\nBcc: eve@evil.example", ""},
		{core.ContactEmail, "jo\r\n@acme.example", ""},
		{core.ContactEmail, "jo@acme.example\n", ""},
		{core.ContactEmail, "jo\x00@acme.example", ""},
		{core.ContactEmail, long + "a@acme.example", ""},
		{core.ContactEmail, "jo@" + strings.Repeat(strings.Repeat("a", 62)+".", 4) + "example", ""},
		{core.ContactPhone, "+31612345678", "+31612345678"},
		{core.ContactPhone, "+31 (0)6 12.34-56 78", "+31612345678"},
		{core.ContactPhone, "+1 202-456-1111", "+12024561111"},
		{core.ContactPhone, "0612345678", ""},
		{core.ContactPhone, "31612345678", ""},
		{core.ContactPhone, "0031612345678", ""},
		{core.ContactPhone, "+31", ""},
		{core.ContactPhone, "+3161234567", ""},
		{core.ContactPhone, "+316123456789", ""},
		{core.ContactPhone, "+999123456789", ""},
		{core.ContactPhone, "+1800FLOWERS", ""},
		{core.ContactPhone, "+31612345678 ext 5", ""},
		{core.ContactPhone, "+31612345678;phone-context=evil", ""},
		{core.ContactPhone, "+31612345678\r\nTo: +1", ""},
		{core.ContactPhone, "+٣١٦١٢٣٤٥٦٧٨", ""},
		{core.ContactPhone, "jo@acme.example", ""},
		{"pigeon", "jo@acme.example", ""},
	} {
		got, err := CheckAddress(test.kind, test.in)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s %q: got %q, %v; want %q", test.kind, test.in, got, err, test.want)
		}
		if err != nil && (!errors.Is(err, core.ErrInvalid) || !strings.HasSuffix(err.Error(), ".") || strings.ContainsAny(err.Error(), "\r\n\x00")) {
			t.Errorf("%q: not a sentence: %q", test.in, err)
		}
	}
}

func TestPhoneErrorSaysPlus(t *testing.T) {
	if _, err := CheckAddress(core.ContactPhone, "0612345678"); err == nil || !strings.Contains(err.Error(), "beginning with +") {
		t.Errorf("got %v", err)
	}
}

// What passes is in its one form, and stands safely in a header.
func FuzzCheckAddress(f *testing.F) {
	for _, seed := range []string{"jo@acme.example", "+31612345678", "Jo <jo@acme.example>", "a@b.c\r\nBcc: x@y.z", `"@"@x.y`} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, in string, phone bool) {
		kind := core.ContactEmail
		if phone {
			kind = core.ContactPhone
		}
		out, err := CheckAddress(kind, in)
		if err != nil {
			if out != "" {
				t.Fatalf("%q with an error", out)
			}
			return
		}
		if again, err := CheckAddress(kind, out); err != nil || again != out {
			t.Fatalf("%q is not its own form: %q, %v", out, again, err)
		}
		if strings.ContainsAny(out, " \t\r\n\x00,;<>()\"\\") || len(out) > maxAddress {
			t.Fatalf("%q is not safe", out)
		}
		if parsed, err := mail.ParseAddress(out); !phone && (err != nil || parsed.Address != out) {
			t.Fatalf("%q: %v", out, err)
		}
	})
}
