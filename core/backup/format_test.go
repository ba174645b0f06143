package backup

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"breakglass/core/backup/pairsum"

	"github.com/klauspost/compress/zstd"
)

// noise is what does not compress.
func noise(seed byte, n int) []byte {
	out := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(out) // it never fails
	return out
}

// streams are contents at the edges of pieces and blocks.
func streams() map[string][]byte {
	text := []byte(strings.Repeat("<?php echo 'a line of a program, as they are';\n", 40000))
	all := map[string][]byte{
		"nothing": nil, "a byte": {7}, "a text": text, "noise": noise(1, 3<<20+17), "zeros": make([]byte, 5<<20+1),
		"text, then noise": append(append([]byte(nil), text[:100_000]...), noise(2, 400_000)...),
		"noise, then text": append(noise(3, storedPiece), text...),
		"by turns":         bytes.Repeat(append(noise(4, storedPiece), text[:storedPiece]...), 7),
		"by larger turns":  bytes.Repeat(append(noise(4, zstdPiece), text[:zstdPiece]...), 7),
		"even and repeating": bytes.Repeat(func() []byte {
			row := make([]byte, 256)
			for i := range row {
				row[i] = byte(i)
			}
			return row
		}(), 4000),
	}
	for _, n := range []int{storedPiece - 1, storedPiece, storedPiece + 1, maxPieces * storedPiece, maxPieces*storedPiece + 1, zstdPiece, zstdPiece + 1, zstdBlock, zstdBlock + 1} {
		all["of the size "+string(rune('a'+len(all)))] = noise(5, n)
	}
	return all
}

// packed packs what is written in pieces of odd sizes.
func packed(t testing.TB, format Format, data []byte) []byte {
	t.Helper()
	var sent bytes.Buffer
	p, err := newPacker(format, pairsum.NewPool(), func(b []byte) { sent.Write(b) })
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; len(data) > 0; n = n*3 + 1 {
		n = min(n%300_000, len(data))
		if _, err := p.Write(data[:n]); err != nil {
			t.Fatal(err)
		}
		data = data[n:]
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Fatal(err)
	}
	if p.Sum() != sha256.Sum256(sent.Bytes()) {
		t.Error("what was hashed is not what was sent")
	}
	if _, err := p.Write([]byte{1}); err == nil {
		t.Error("a closed packer took more")
	}
	return sent.Bytes()
}

// Any bytes come back from the stock tools, which also check the sums.
func TestStockToolsUnpack(t *testing.T) {
	for format, tool := range map[Format]string{FormatGzip: "gzip", FormatZstd: "zstd"} {
		for name, data := range streams() {
			t.Run(string(format)+" "+name, func(t *testing.T) {
				file := packed(t, format, data)
				cmd := exec.Command(tool, "-dc")
				cmd.Stdin = bytes.NewReader(file)
				var said bytes.Buffer
				cmd.Stderr = &said
				out, err := cmd.Output()
				if format == FormatZstd && len(data) == 0 && len(file) == 0 {
					return // an archive is never empty
				}
				if err != nil || !bytes.Equal(out, data) {
					t.Fatalf("%v %s: %d bytes became %d", err, said.String(), len(data), len(out))
				}
				if limit := len(data) + len(data)/1000 + 64; len(file) > limit {
					t.Errorf("%d bytes became %d", len(data), len(file))
				}
			})
		}
	}
}

// Text is packed, noise is not, wherever one follows on the other.
func TestWhatIsWorthPacking(t *testing.T) {
	all := streams()
	for name, most := range map[string]float64{"a text": 0.05, "zeros": 0.002, "noise, then text": 0.1, "by turns": 0.55} {
		for _, format := range []Format{FormatGzip, FormatZstd} {
			if got := float64(len(packed(t, format, all[name]))) / float64(len(all[name])); got > most {
				t.Errorf("%s, %s: packed to %.3f", format, name, got)
			}
		}
	}
}

// What we pack never looks like a trap to who unpacks it, and a trap is one.
func TestZstdTraps(t *testing.T) {
	unpack := func(data []byte) (int64, error) {
		r, err := inflateZstd(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return io.Copy(io.Discard, r)
	}
	zeros := make([]byte, 200<<20)
	if n, err := unpack(packed(t, FormatZstd, zeros)); err != nil || n != int64(len(zeros)) {
		t.Errorf("our own: %d %v", n, err)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithWindowSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := unpack(encoder.EncodeAll(zeros, nil)); !errors.Is(err, errBomb) || n > 16<<20 {
		t.Errorf("zeros of the stock kind: %d %v", n, err)
	}
	wide, err := zstd.NewWriter(nil, zstd.WithWindowSize(128<<20))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	trap := wide.EncodeAll(noise(9, 130<<20), nil)
	runtime.ReadMemStats(&before)
	_, err = unpack(trap)
	runtime.ReadMemStats(&after)
	if err == nil || after.TotalAlloc-before.TotalAlloc > 64<<20 {
		t.Errorf("a window of 128 MiB: %v, %d MiB", err, (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

// Where packing or sending breaks, the packer still comes to its end.
func TestPackerEndsWhateverBreaks(t *testing.T) {
	for name, send := range map[string]func([]byte){"panics": func([]byte) { panic("no") }, "is slow": func([]byte) { runtime.Gosched() }} {
		p, err := newPacker(FormatGzip, pairsum.NewPool(), send)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			_, _ = p.Write(noise(1, 100_000)) // its error comes again
		}
		if err := p.Close(); (err != nil) != (name == "panics") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for s, want := range map[string]Format{"": FormatGzip, "tar.gz": FormatGzip, "tar.zst": FormatZstd} {
		if got, err := ParseFormat(s); got != want || err != nil {
			t.Errorf("%q: %s %v", s, got, err)
		}
	}
	for _, s := range []string{"zip", ".tar.gz", "TAR.GZ", "tar.zst\n"} {
		if _, err := ParseFormat(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	for name, want := range map[string]Format{"a.tar.zst": FormatZstd, "A.TAR.ZST": FormatZstd, "a.zst": FormatZstd, "a.tar.gz": FormatGzip, "-": FormatGzip, "a.tgz": FormatGzip} {
		if got := FormatOf(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
