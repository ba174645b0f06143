package audit_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core/audit"
)

// entry is a leaf of a test's log with what lies beside it.
type entry struct {
	leaf   audit.Leaf
	beside map[string]audit.Personal
}

// story is n entries, some with personal data.
func story(n int) []entry {
	entries := make([]entry, n)
	for i := range entries {
		e := entry{leaf: audit.Leaf{Actor: "owner:acme", Verb: fmt.Sprint("step", i), Site: "acme", Time: time.Unix(int64(1000+i), 0)}}
		if i%2 == 1 {
			p := audit.Personal{Salt: []byte("0123456789abcdef"), Fields: map[string]string{"remote": fmt.Sprint("192.0.2.", i), "reason": "é <&>"}}
			e.leaf.Personal, e.beside = p.Commitments(), map[string]audit.Personal{"site:acme": p}
		}
		entries[i] = e
	}
	return entries
}

// exportOf writes entries as an export signed by signer, and the log itself.
func exportOf(t *testing.T, signer *audit.Signer, entries []entry) ([]byte, *memory) {
	t.Helper()
	m := &memory{}
	var out []byte
	for _, e := range entries {
		seq, err := audit.Append(m, e.leaf)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, exportLine(t, m.leaves[seq], e.beside)...)
	}
	return append(out, exportEnd(t, sign(t, signer, m))...), m
}

func exportLine(t *testing.T, leaf []byte, beside map[string]audit.Personal) []byte {
	t.Helper()
	line, err := audit.ExportLine(leaf, beside)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func exportEnd(t *testing.T, signed string) []byte {
	t.Helper()
	line, err := audit.ExportEnd(signed)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func verify(data []byte, verifier note.Verifier, pinned string) (audit.Report, error) {
	return audit.Verify(bytes.NewReader(data), audit.VerifyOptions{Verifier: verifier, Pinned: pinned})
}

func TestATrueExportVerifies(t *testing.T) {
	signer, verifier := newSigner(t, origin)
	for n := 1; n < 40; n++ {
		export, m := exportOf(t, signer.Fresh(), story(n))
		root, err := audit.TreeHash(m, int64(n))
		if err != nil {
			t.Fatal(err)
		}
		r, err := verify(export, verifier, "")
		if err != nil || r.Lines != int64(n) || r.Root != root || r.Origin != origin || r.Personal != int64(n/2*2) || r.Erased != 0 ||
			!r.First.Equal(time.Unix(1000, 0)) || !r.Last.Equal(time.Unix(int64(999+n), 0)) {
			t.Errorf("%d: %+v, %v", n, r, err)
		}
	}
}

// What was erased leaves the rest as true as it was.
func TestAnExportVerifiesAfterErasure(t *testing.T) {
	signer, verifier := newSigner(t, origin)
	entries := story(8)
	entries[3].beside = nil
	export, _ := exportOf(t, signer, entries)
	if r, err := verify(export, verifier, ""); err != nil || r.Erased != 2 || r.Personal != 6 {
		t.Errorf("%+v, %v", r, err)
	}
}

// others lists what a byte can be made: each of its bits flipped, and what means
// something to JSON, base64 and lines.
func others(b byte) (all []byte) {
	for bit := range 8 {
		all = append(all, b^1<<bit)
	}
	for _, c := range []byte("\n\r\t \"\\{}A=/0\x00\xff") {
		if c != b {
			all = append(all, c)
		}
	}
	return all
}

// Whoever changes a byte of an exported log is caught.
func TestEveryByteCounts(t *testing.T) {
	signer, verifier := newSigner(t, origin)
	export, _ := exportOf(t, signer, story(4))
	if _, err := verify(export, verifier, ""); err != nil {
		t.Fatal(err)
	}
	changed := make([]byte, len(export))
	for i := range export {
		for _, b := range others(export[i]) {
			copy(changed, export)
			changed[i] = b
			r, err := verify(changed, verifier, "")
			var fault *audit.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("byte %d made %#x: %+v, %v in\n%s", i, b, r, err, changed)
			}
		}
		if _, err := verify(append(append([]byte{}, export[:i]...), export[i+1:]...), verifier, ""); err == nil {
			t.Fatalf("byte %d can go", i)
		}
		if _, err := verify(export[:i], verifier, ""); err == nil {
			t.Fatalf("all from byte %d on can go", i)
		}
	}
	if _, err := verify(append(append([]byte{}, export...), '\n'), verifier, ""); err == nil {
		t.Error("a line can be added")
	}
}

// Each way to cheat has its sentence, which names the line where that can be told.
func TestEachCheatIsNamed(t *testing.T) {
	signer, verifier := newSigner(t, origin)
	_, stranger := newSigner(t, origin)
	other, _ := newSigner(t, "other.example/log")
	entries := story(6)
	export, m := exportOf(t, signer.Fresh(), entries)
	lines := bytes.SplitAfter(bytes.TrimSuffix(export, []byte("\n")), []byte("\n"))
	lines[6] = append(lines[6], '\n')
	join := func(of ...[]byte) []byte { return bytes.Join(of, nil) }
	with := func(i int, line []byte) []byte {
		return join(join(lines[:i]...), line, join(lines[i+1:]...))
	}
	edited := bytes.Replace(m.leaves[2], []byte("step2"), []byte("stepX"), 1)
	back := story(6)
	back[4].leaf.Time = time.Unix(5, 0)
	backwards, _ := exportOf(t, signer.Fresh(), back)
	stolen := audit.Personal{Salt: []byte("0123456789abcdef"), Fields: map[string]string{"remote": "203.0.113.9"}}
	foreign, _ := exportOf(t, other, entries)
	elder := sign(t, signer.Fresh(), logOf(t, "other", 3))
	longer, _ := exportOf(t, signer.Fresh(), story(9))
	longest := string(longer[bytes.LastIndexByte(longer[:len(longer)-1], '\n')+1:])
	pinned := unquoted(longest)
	for name, c := range map[string]struct {
		data     []byte
		verifier note.Verifier
		pinned   string
		want     string
	}{
		"nothing":                 {nil, verifier, "", "line 1: the log ends without a signed checkpoint"},
		"no checkpoint":           {join(lines[:6]...), verifier, "", "line 7: the log ends without a signed checkpoint"},
		"cut in a line":           {export[:100], verifier, "", "line 1: it is cut off"},
		"another key":             {export, stranger, "", "line 7: the checkpoint is not to be believed: it is not signed by the key"},
		"another log":             {foreign, verifier, "", "line 7: the checkpoint is not to be believed: it is not signed by the key"},
		"an entry missing":        {join(join(lines[:2]...), join(lines[3:]...)), verifier, "", "line 3: here stands entry 3 of the log and not 2"},
		"an entry twice":          {join(join(lines[:3]...), join(lines[2:]...)), verifier, "", "line 4: here stands entry 2 of the log and not 3"},
		"two entries swapped":     {join(lines[0], lines[2], lines[1], join(lines[3:]...)), verifier, "", "line 2: here stands entry 2"},
		"the first missing":       {join(lines[1:]...), verifier, "", "line 1: here stands entry 1 of the log and not 0"},
		"the last missing":        {join(join(lines[:5]...), lines[6]), verifier, "", "line 6: the checkpoint signs 6 entries and the file holds 5"},
		"an entry changed":        {with(2, bytes.Replace(lines[2], []byte("step2"), []byte("stepX"), 1)), verifier, "", "line 3: the entry was changed"},
		"changed with its hash":   {with(2, exportLine(t, edited, nil)), verifier, "", "line 7: the entries are not those that the checkpoint signs"},
		"another datum":           {with(1, exportLine(t, m.leaves[1], map[string]audit.Personal{"site:acme": stolen})), verifier, "", "line 2: the personal data beside the entry is not what"},
		"a datum of another":      {with(1, exportLine(t, m.leaves[1], map[string]audit.Personal{"site:zeta": entries[1].beside["site:acme"]})), verifier, "", "line 2: the personal data beside the entry is not of anybody"},
		"a datum where none is":   {with(2, exportLine(t, m.leaves[2], map[string]audit.Personal{"site:acme": stolen})), verifier, "", "line 3: the personal data"},
		"time running back":       {backwards, verifier, "", "line 5: the time runs back from 1970-01-01T00:16:43Z to 1970-01-01T00:00:05Z"},
		"spaces in a line":        {with(0, bytes.Replace(lines[0], []byte(`,"hash"`), []byte(`, "hash"`), 1)), verifier, "", "line 1: it is no line of an exported log, or it was changed"},
		"a field too much":        {with(0, bytes.Replace(lines[0], []byte(`,"hash"`), []byte(`,"x":1,"hash"`), 1)), verifier, "", "line 1: it is no line of an exported log, or it was changed"},
		"no log at all":           {[]byte("hello\n"), verifier, "", "line 1: it is no line of an exported log"},
		"a line without end":      {bytes.Repeat([]byte("x"), 2<<20), verifier, "", "line 1: it is longer than any line"},
		"more behind it":          {append(bytes.Clone(export), lines[0]...), verifier, "", "line 8: something stands behind"},
		"a second signature":      {append(bytes.Clone(join(lines[:6]...)), exportEnd(t, unquoted(string(lines[6]))+"— x "+base64.StdEncoding.EncodeToString(make([]byte, 68))+"\n")...), verifier, "", "line 7: the checkpoint is not to be believed: there is more in it"},
		"rewritten since pinned":  {export, verifier, elder, "line 3: the log up to here is another than the pinned checkpoint of 3 lines"},
		"shorter than pinned":     {export, verifier, pinned, "the file holds 6 entries and the pinned checkpoint signs 9"},
		"a pin of another key":    {export, verifier, sign(t, other, m), "the pinned checkpoint is not to be believed: it is not signed by the key"},
		"a pin that is none":      {export, verifier, "hello", "the pinned checkpoint is not to be believed"},
		"a pin whose size is bad": {export, verifier, strings.Replace(elder, "\n3\n", "\n2\n", 1), "the pinned checkpoint is not to be believed: its signature by the key"},
	} {
		_, err := verify(c.data, c.verifier, c.pinned)
		var fault *audit.Fault
		if !errors.As(err, &fault) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
	for n := 1; n <= 6; n++ {
		older, _ := exportOf(t, signer.Fresh(), story(n))
		pin := unquoted(string(older[bytes.LastIndexByte(older[:len(older)-1], '\n')+1:]))
		if r, err := verify(export, verifier, pin); err != nil || r.Pinned != int64(n) {
			t.Errorf("pinned at %d: %+v, %v", n, r, err)
		}
	}
}

// unquoted returns the checkpoint of an export's last line.
func unquoted(line string) string {
	text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), `{"checkpoint":"`), `"}`)
	return strings.ReplaceAll(text, `\n`, "\n")
}

// Time may run back where an entry says that the clock was set.
func TestAClockEntryExplainsTime(t *testing.T) {
	signer, verifier := newSigner(t, origin)
	entries := story(6)
	entries[3].leaf.Verb = "clock.jumped"
	for i := 3; i < 6; i++ {
		entries[i].leaf.Time = time.Unix(int64(i), 0)
	}
	export, _ := exportOf(t, signer, entries)
	if _, err := verify(export, verifier, ""); err != nil {
		t.Error(err)
	}
}

// A proof stands for its line, its log and its history, and for nothing else.
func TestProofs(t *testing.T) {
	signer, verifier := newSigner(t, origin)
	entries := story(13)
	_, m := exportOf(t, signer, entries)
	signed := sign(t, signer, m)
	o := audit.VerifyOptions{Verifier: verifier}
	for seq := range int64(13) {
		for older := range int64(14) {
			pinned := ""
			var tree tlog.Tree
			if older > 0 {
				_, then := exportOf(t, signer.Fresh(), story(int(older)))
				pinned = sign(t, signer.Fresh(), then)
				c, err := audit.ParseSigned(pinned)
				if err != nil {
					t.Fatal(err)
				}
				tree = c.Tree
			}
			p, err := audit.Prove(m, seq, m.leaves[seq], entries[seq].beside, signed, tree)
			if err != nil {
				t.Fatal(err)
			}
			o.Pinned = pinned
			leaf, err := p.Check(o)
			if err != nil || leaf.Verb != fmt.Sprint("step", seq) {
				t.Errorf("line %d since %d: %+v, %v", seq, older, leaf, err)
			}
			lie := p
			lie.Seq = (seq + 1) % 13
			if _, err := lie.Check(o); err == nil {
				t.Errorf("line %d passes for another", seq)
			}
			lie = p
			lie.Leaf = bytes.Replace(p.Leaf, []byte("step"), []byte("lies"), 1)
			if _, err := lie.Check(o); err == nil {
				t.Errorf("line %d can be changed", seq)
			}
			if p.Since != nil && older < 13 {
				lie, since := p, *p.Since
				since.Root[0] ^= 1
				lie.Since = &since
				if _, err := lie.Check(audit.VerifyOptions{Verifier: verifier}); err == nil {
					t.Errorf("line %d since a lie", seq)
				}
			}
		}
	}
	forked, err := audit.TreeHash(logOf(t, "other", 5), 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Prove(m, 0, m.leaves[0], nil, signed, tlog.Tree{N: 5, Hash: forked}); !errors.Is(err, audit.ErrForked) {
		t.Errorf("a fork: %v", err)
	}
}

// A later process takes up only what its own key signed and its log continues.
func TestASignerResumes(t *testing.T) {
	signer, _ := newSigner(t, origin)
	stranger, _ := newSigner(t, origin)
	signed := sign(t, signer, logOf(t, "step", 5))
	for name, c := range map[string]struct {
		log    *memory
		signed string
		good   bool
	}{
		"the same":     {logOf(t, "step", 5), signed, true},
		"grown":        {logOf(t, "step", 9), signed, true},
		"shorter":      {logOf(t, "step", 4), signed, false},
		"empty":        {&memory{}, signed, false},
		"another":      {logOf(t, "other", 9), signed, false},
		"another key":  {logOf(t, "step", 5), sign(t, stranger, logOf(t, "step", 5)), false},
		"cut off":      {logOf(t, "step", 5), signed[:len(signed)-2], false},
		"more than it": {logOf(t, "step", 5), signed + "x", false},
	} {
		err := signer.Fresh().Resume(c.log, c.signed)
		if (err == nil) != c.good || (err != nil && !errors.Is(err, audit.ErrForked)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	later := signer.Fresh()
	if err := later.Resume(logOf(t, "step", 5), signed); err != nil {
		t.Fatal(err)
	}
	if _, err := later.Sign(logOf(t, "other", 7)); !errors.Is(err, audit.ErrForked) {
		t.Errorf("it forgot what it resumed: %v", err)
	}
	if again := sign(t, later, logOf(t, "step", 5)); again != signed {
		t.Error("the same log was signed in another way")
	}
}

// Whatever is read, nothing panics, and nothing but a true log is believed.
func FuzzVerify(f *testing.F) {
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		f.Fatal(err)
	}
	key, err := note.NewSigner(private)
	if err != nil {
		f.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		f.Fatal(err)
	}
	t := &testing.T{}
	export, _ := exportOf(t, audit.NewSigner(origin, key), story(3))
	f.Add(export)
	f.Add([]byte("{\"leaf\":{},\"hash\":\"\"}\n"))
	f.Add([]byte("{\"checkpoint\":\"\"}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := verify(data, verifier, ""); err == nil && !bytes.Equal(data, export) {
			t.Errorf("%+v of\n%s", r, data)
		}
	})
}
