package rewrite_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"breakglass/core/backup/rewrite"
)

// oracle is a running PHP that judges rewritten values.
type oracle struct {
	mu  sync.Mutex
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

func startOracle(t testing.TB) *oracle {
	t.Helper()
	cmd := exec.Command("php", "-n", "-d", "display_errors=0", "testdata/oracle.php")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("PHP judges these values: %v", err)
	}
	o := &oracle{in: in, out: bufio.NewReader(out), cmd: cmd}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Error(err)
		}
	})
	return o
}

// judge says what PHP thinks of a value that was rewritten.
func (o *oracle) judge(before, after []byte) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var frames []byte
	for _, v := range [][]byte{before, after} {
		frames = append(binary.BigEndian.AppendUint32(frames, uint32(len(v))), v...)
	}
	if _, err := o.in.Write(frames); err != nil {
		return "", err
	}
	line, err := o.out.ReadString('\n')
	return strings.TrimSpace(line), err
}

// siteOnly rewrites the one URL that the oracle knows.
func siteOnly(t testing.TB) *rewrite.Rewriter {
	t.Helper()
	w, err := rewrite.New(rewrite.Options{URLs: []rewrite.Pair{{Old: oldURL, New: newURL}}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// What PHP reads before, it reads after, with the URLs changed and nothing else.
func TestPHPReadsValuesOfTheTable(t *testing.T) {
	o, w := startOracle(t), siteOnly(t)
	read := 0
	for _, c := range values {
		after, _ := w.Value("", []byte(c.old))
		verdict, err := o.judge([]byte(c.old), after)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case verdict == "same":
			read++
		case verdict != "unreadable":
			t.Errorf("%s: %s:\n%q\n%q", c.name, verdict, c.old, after)
		}
	}
	if read < 12 {
		t.Errorf("PHP read %d values only", read)
	}
}

func TestPHPReadsGeneratedValues(t *testing.T) {
	const rounds = 6000
	o, w := startOracle(t), siteOnly(t)
	verdicts := map[string]int{}
	changed := 0
	for seed := range uint64(rounds) {
		g := generator{r: rand.New(rand.NewPCG(seed, 4))}
		before := []byte(g.serialized(0))
		after, counts := w.Value("", before)
		verdict, err := o.judge(before, after)
		if err != nil {
			t.Fatalf("seed %d: %v: %q", seed, err, before)
		}
		verdicts[verdict]++
		if verdict != "same" && verdict != "unreadable" {
			t.Fatalf("seed %d: %s:\n%q\n%q", seed, verdict, before, after)
		}
		if verdict == "same" && counts.Values > 0 {
			changed++
		}
	}
	if changed < rounds/2 {
		t.Errorf("the generator makes too little of what matters: %v, %d changed", verdicts, changed)
	}
	t.Log(verdicts, changed)
}

// FuzzPHPReadsWhatItRead looks for a value whose structure is lost.
func FuzzPHPReadsWhatItRead(f *testing.F) {
	for _, c := range values {
		f.Add([]byte(c.old))
	}
	for seed := range uint64(200) {
		f.Add([]byte((&generator{r: rand.New(rand.NewPCG(seed, 5))}).serialized(0)))
	}
	o, w := startOracle(f), siteOnly(f)
	f.Fuzz(func(t *testing.T, before []byte) {
		after, _ := w.Value("", before)
		verdict, err := o.judge(before, after)
		if err != nil {
			t.Fatal(err)
		}
		if verdict == "lost" {
			t.Fatalf("lost:\n%q\n%q", before, after)
		}
	})
}

// generator makes values as PHP serializes them, with URLs all over.
type generator struct {
	r     *rand.Rand
	slots int
	names int
}

func (g *generator) pick(of ...string) string { return of[g.r.IntN(len(of))] }

// serialized returns a whole value with references of its own.
func (g *generator) serialized(depth int) string {
	inner := generator{r: g.r}
	return inner.value(depth)
}

func (g *generator) value(depth int) string {
	kind := g.r.IntN(16)
	if depth > 5 && kind >= 10 {
		kind = g.r.IntN(10)
	}
	if kind != 0 {
		g.slots++
	}
	switch kind {
	case 0:
		if g.slots > 1 {
			return fmt.Sprintf("%s:%d;", g.pick("R", "r"), 1+g.r.IntN(g.slots))
		}
		g.slots++
		return "N;"
	case 1:
		return g.pick("i:0;", "i:-7;", "b:1;", "b:0;", "N;", "d:0.1;", "d:-1.5E-7;", "d:INF;", "d:NAN;", `E:11:"Suit:Hearts";`)
	case 2:
		return g.escaped()
	case 3:
		data := g.pick(g.serialized(depth+1), g.text())
		return fmt.Sprintf(`C:6:"Custom":%d:{%s}`, len(data), data)
	case 10, 11, 12:
		return "a" + g.members(depth)
	case 13:
		return `O:8:"stdClass"` + g.members(depth)
	case 14:
		return fmt.Sprintf("O:5:\"Plain\":3:{s:1:\"a\";%ss:4:\"\x00*\x00b\";%ss:8:\"\x00Plain\x00c\";%s}", g.value(depth+1), g.value(depth+1), g.value(depth+1))
	case 15:
		return `O:7:"Unknown"` + g.members(depth)
	}
	return str(g.content(depth))
}

func (g *generator) members(depth int) string {
	n := g.r.IntN(5)
	var out strings.Builder
	fmt.Fprintf(&out, ":%d:{", n)
	for range n {
		g.names++
		out.WriteString(g.pick(fmt.Sprintf("i:%d;", g.names), str(fmt.Sprintf("key %d", g.names)), str(fmt.Sprintf("%s/%d", g.url(), g.names)), str(g.url()+"/same")))
		out.WriteString(g.value(depth + 1))
	}
	out.WriteByte('}')
	return out.String()
}

// escaped is a string in the form with \xx.
func (g *generator) escaped() string {
	text := g.text()
	var out strings.Builder
	for _, c := range []byte(text) {
		if c >= 0x7f || c < ' ' || c == '\\' {
			fmt.Fprintf(&out, `\%02x`, c)
		} else {
			out.WriteByte(c)
		}
	}
	return fmt.Sprintf(`S:%d:"%s";`, len(text), out.String())
}

// content is what stands in a string: text, or more that is serialized.
func (g *generator) content(depth int) string {
	switch {
	case depth > 5:
		return g.text()
	case g.r.IntN(5) == 0:
		return g.pick("", " ", "\n") + g.serialized(depth+1)
	case g.r.IntN(4) == 0:
		return g.json(depth)
	case g.r.IntN(12) == 0: // cut off
		s := g.serialized(depth + 1)
		return s[:g.r.IntN(len(s)+1)]
	}
	return g.text()
}

func (g *generator) json(depth int) string {
	var out strings.Builder
	out.WriteByte('{')
	for i := range 1 + g.r.IntN(3) {
		if i > 0 {
			out.WriteByte(',')
		}
		inner := g.text()
		if g.r.IntN(2) == 0 && depth < 4 {
			inner = g.serialized(depth + 2)
		}
		if g.r.IntN(6) == 0 && depth < 4 {
			inner = g.json(depth + 2)
		}
		inner = strings.ToValidUTF8(inner, "?")
		inner = strings.NewReplacer("\x00", `\u0000`, `\`, `\\`, `"`, `\"`, "\n", `\n`, "\x1a", `\u001a`).Replace(inner)
		if g.r.IntN(3) > 0 {
			inner = strings.NewReplacer("/", `\/`, "é", `\u00e9`, "🦊", `\ud83e\udd8a`).Replace(inner)
		}
		fmt.Fprintf(&out, `"k%d%s":"%s"`, i, g.pick("", inJSON(g.url())), inner)
	}
	out.WriteByte('}')
	return out.String()
}

func (g *generator) url() string {
	return g.pick("https://old.example", "http://old.example", "//old.example", "https://www.old.example", "http://old.example:80")
}

func (g *generator) text() string {
	var out strings.Builder
	for range g.r.IntN(4) {
		switch g.r.IntN(9) {
		case 0, 1, 2:
			out.WriteString(g.url() + g.pick("", "/", "/a?b=c", "#x", ".", `"`, "'", "<", " "))
		case 3:
			out.WriteString(strings.ReplaceAll(g.url(), "/", g.pick(`\/`, `\\\/`)))
		case 4:
			out.WriteString(strings.NewReplacer("/", "%2F", ":", "%3A").Replace(g.url()) + g.pick("%2Fx", "&", ""))
		case 5:
			out.WriteString(g.pick("https://old.example.com", "https://old.example-x", "user@old.example", "old.example", "https://old.example:8080/"))
		case 6:
			out.WriteString(g.pick("é", "🦊", "\x00", "\x1a", "\n", "\xff"))
		case 7:
			out.WriteString(g.pick(`";`, `}`, `{`, `a:1:{`, `\`, `'`, `;`, `|`))
		default:
			out.WriteString(g.pick(" ", "text ", "<a href=", ", "))
		}
	}
	return out.String()
}
