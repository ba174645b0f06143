package core

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestReadCrockfordForgivesWhatPeopleDo(t *testing.T) {
	for typed, want := range map[string]string{
		"7M2K-Q4XA": "7M2KQ4XA", "7m2kq4xa": "7M2KQ4XA", " 7M2K Q4XA\r\n": "7M2KQ4XA", "7-M-2-K-Q-4-X-A": "7M2KQ4XA",
		"oOiI-lL00": "00111100",
		"7M2KQ4X":   "", "7M2KQ4XAB": "", "7M2KQ4XU": "", "7M2KQ4X_": "", "": "", "--------": "", "7M2K\x00Q4XA": "", "7M2K–Q4XA": "",
		"ſſſſſſſſ": "", "ıııııııı": "", "ＫＫＫＫＫＫＫＫ": "",
	} {
		if got, ok := readCrockford(typed, codeLength); ok != (want != "") || ok && got != want {
			t.Errorf("%q is read as %q, %v", typed, got, ok)
		}
	}
}

// Whatever is read is a code: of the alphabet, of the length, and read again as
// itself, in groups too.
func FuzzReadCrockford(f *testing.F) {
	for _, seed := range []string{"7M2K-Q4XA", "oil0", "ſıK", "\xff\xfe", strings.Repeat("-", 100)} {
		f.Add(seed, codeLength)
	}
	f.Fuzz(func(t *testing.T, typed string, length int) {
		length = 1 + (length%64+64)%64
		read, ok := readCrockford(typed, length)
		if !ok {
			return
		}
		if len(read) != length || strings.Trim(read, crockford) != "" {
			t.Fatalf("%q was read as %q", typed, read)
		}
		for _, again := range []string{read, strings.ToLower(read), inGroups(read, 4)} {
			if same, ok := readCrockford(again, length); !ok || same != read {
				t.Errorf("%q was read as %q", again, same)
			}
		}
	})
}

func keyLine(name string, parts ...string) string {
	var blob []byte
	for _, part := range append([]string{name}, parts...) {
		blob = binary.BigEndian.AppendUint32(blob, uint32(len(part)))
		blob = append(blob, part...)
	}
	return name + " " + base64.StdEncoding.EncodeToString(blob)
}

func TestParseKey(t *testing.T) {
	long, point := strings.Repeat("k", 32), func(n int) string { return "\x04" + strings.Repeat("p", n-1) }
	modulus := func(bytes int) string { return "\x00" + strings.Repeat("\xff", bytes) }
	for name, c := range map[string]struct {
		line string
		good bool
	}{
		"ed25519":             {keyLine("ssh-ed25519", long), true},
		"with a comment":      {keyLine("ssh-ed25519", long) + " eva@home \x1b[2J", true},
		"with a line's end":   {keyLine("ssh-ed25519", long) + "\r\n", true},
		"nistp256":            {keyLine("ecdsa-sha2-nistp256", "nistp256", point(65)), true},
		"nistp384":            {keyLine("ecdsa-sha2-nistp384", "nistp384", point(97)), true},
		"nistp521":            {keyLine("ecdsa-sha2-nistp521", "nistp521", point(133)), true},
		"on a token":          {keyLine("sk-ssh-ed25519@openssh.com", long, "ssh:"), true},
		"nistp256 on a token": {keyLine("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", point(65), "ssh:"), true},
		"rsa 2048":            {keyLine("ssh-rsa", "\x01\x00\x01", modulus(256)), true},

		"nothing":               {"", false},
		"a type alone":          {"ssh-ed25519", false},
		"dsa":                   {keyLine("ssh-dss", long, long, long, long), false},
		"a certificate":         {keyLine("ssh-ed25519-cert-v01@openssh.com", long), false},
		"options":               {`command="sh" ` + keyLine("ssh-ed25519", long), false},
		"two keys":              {keyLine("ssh-ed25519", long) + "\n" + keyLine("ssh-ed25519", long), false},
		"a private key":         {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", false},
		"too long":              {keyLine("ssh-ed25519", long) + strings.Repeat(" x", maxKeyLine), false},
		"no base64":             {"ssh-ed25519 %%%%", false},
		"loose base64":          {strings.TrimRight(keyLine("ssh-ed25519", long), "=") + "=B", false},
		"another type inside":   {"ssh-ed25519 " + strings.Fields(keyLine("ssh-rsa", "\x01", modulus(256)))[1], false},
		"ed25519 too short":     {keyLine("ssh-ed25519", long[1:]), false},
		"ed25519 and more":      {keyLine("ssh-ed25519", long, "x"), false},
		"another curve":         {keyLine("ecdsa-sha2-nistp256", "nistp384", point(97)), false},
		"a compressed point":    {keyLine("ecdsa-sha2-nistp256", "nistp256", "\x02"+strings.Repeat("p", 32)), false},
		"a token without a use": {keyLine("sk-ssh-ed25519@openssh.com", long), false},
		"rsa 2040":              {keyLine("ssh-rsa", "\x01\x00\x01", modulus(255)), false},
		"rsa padded with zeros": {keyLine("ssh-rsa", "\x01\x00\x01", strings.Repeat("\x00", 256)+modulus(128)), false},
		"rsa without a modulus": {keyLine("ssh-rsa", "\x01\x00\x01"), false},
		"a length beyond it":    {"ssh-ed25519 " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x0bssh-ed25519\xff\xff\xff\xff")), false},
	} {
		key, err := parseKey(c.line)
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v is no refusal", name, err)
		}
		if err == nil && (!strings.HasPrefix(key.Fingerprint, "SHA256:") || len(strings.Fields(key.Authorized)) != 2 || strings.Contains(key.Name, "\x1b")) {
			t.Errorf("%s: %+v", name, key)
		}
	}
}

// A key that is read is read again as itself; no input panics.
func FuzzParseKey(f *testing.F) {
	f.Add(keyLine("ssh-ed25519", strings.Repeat("k", 32)) + " name")
	f.Add(keyLine("ssh-rsa", "\x01\x00\x01", "\x00"+strings.Repeat("\xff", 256)))
	f.Add(keyLine("ecdsa-sha2-nistp256", "nistp256", "\x04"+strings.Repeat("p", 64)))
	f.Add(keyLine("ecdsa-sha2-nistp256"))
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5")
	f.Fuzz(func(t *testing.T, line string) {
		key, err := parseKey(line)
		if err != nil {
			return
		}
		again, err := parseKey(key.Authorized)
		if err != nil || again.Fingerprint != key.Fingerprint || again.Authorized != key.Authorized {
			t.Errorf("%q is read as %+v, then %+v, %v", line, key, again, err)
		}
	})
}

func TestSplitLogin(t *testing.T) {
	for user, want := range map[string]struct{ name, token string }{
		"acme":          {"acme", ""},
		"acme+K7Q2MX":   {"acme", "K7Q2MX"},
		"acme+k7q2mo":   {"acme", "K7Q2M0"},
		"acme+":         {"acme", "?"},
		"acme+K7Q2M":    {"acme", "?"},
		"acme+K7Q2MX+":  {"acme", "?"},
		"acme+K7Q2MX+x": {"acme", "?"},
		"+K7Q2MX":       {"", "K7Q2MX"},
		"":              {"", ""},
	} {
		name, token := Login{User: user}.split()
		if name != want.name || token.Reveal() != want.token {
			t.Errorf("%q is %q with %q", user, name, token.Reveal())
		}
	}
}

// A name never holds a plus, and whoever typed one has a token, if a wrong one.
func FuzzSplitLogin(f *testing.F) {
	for _, seed := range []string{"acme", "acme+K7Q2MX", "+", "a+b+c", "acme+\x00", "acme+ſſſſſſ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, user string) {
		name, token := Login{User: user}.split()
		if strings.Contains(name, "+") || token.IsZero() == strings.Contains(user, "+") {
			t.Errorf("%q is %q with %q", user, name, token.Reveal())
		}
		if text := token.Reveal(); text != "" && text != "?" && (len(text) != tokenLength || strings.Trim(text, crockford) != "") {
			t.Errorf("%q has the token %q", user, text)
		}
	})
}

// Ranges count each byte once, in whatever order they come.
func TestRangesAgreeWithBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var ranges []Range
		var bytes [100]bool
		for range 40 {
			from := random.Int64N(100)
			r := Range{from, from + random.Int64N(101-from)}
			old, before := ranges, slices.Clone(ranges)
			ranges = addRange(old, r)
			if again := addRange(ranges, r); !slices.Equal(again, ranges) || !slices.Equal(old, before) {
				t.Fatalf("%v twice: %v, %v; %v became %v", r, ranges, again, before, old)
			}
			for i := r.From; i < r.To; i++ {
				bytes[i] = true
			}
			sent := int64(0)
			for _, b := range bytes {
				if b {
					sent++
				}
			}
			if covered(ranges) != sent || !apart(ranges) {
				t.Fatalf("%d bytes are %v", sent, ranges)
			}
		}
	}
	if got := addRange(nil, Range{5, 5}); got != nil {
		t.Errorf("an empty range adds %v", got)
	}
	if got := addRange(nil, Range{-5, 5}); got != nil {
		t.Errorf("a negative range adds %v", got)
	}
}

func apart(ranges []Range) bool {
	for i := 1; i < len(ranges); i++ {
		if ranges[i].From <= ranges[i-1].To {
			return false
		}
	}
	return true
}

// A client that reads every other byte does not fill the memory, and the rest
// of what it reads still counts.
func TestRangesAreBounded(t *testing.T) {
	var ranges []Range
	for i := range int64(3 * maxRanges) {
		ranges = addRange(ranges, Range{2 * i, 2*i + 1})
	}
	if len(ranges) != maxRanges {
		t.Errorf("%d ranges are kept", len(ranges))
	}
	if ranges = addRange(ranges, Range{0, 6 * maxRanges}); len(ranges) != 1 || covered(ranges) != 6*maxRanges {
		t.Errorf("%d ranges, %d bytes", len(ranges), covered(ranges))
	}
}

func TestMask(t *testing.T) {
	for address, want := range map[string]string{
		"j.bakker@example.nl": "j•••••@e•••••.nl", "a@b.c": "a•••••@b•••••.c", "é@ü.example": "é•••••@ü•••••.example",
		"a@localhost": "a•••••@l•••••", "@x": "•••••", "x@": "•••••", "x": "•••••", "": "•••••",
	} {
		if got := Mask(ContactEmail, address); got != want {
			t.Errorf("%q is shown as %q", address, got)
		}
	}
	for number, want := range map[string]string{"+31612345678": "+31•••••78", "+12": "•••••", "": "•••••"} {
		if got := Mask(ContactPhone, number); got != want {
			t.Errorf("%q is shown as %q", number, got)
		}
	}
}
