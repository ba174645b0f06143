package audit_test

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"breakglass/core/audit"
)

// meter reads through and looks at the heap once every mebibyte.
type meter struct {
	io.Reader
	since, peak uint64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if m.since += uint64(n); m.since > 1<<20 {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		m.since, m.peak = 0, max(m.peak, stats.HeapInuse)
	}
	return n, err
}

// longExport writes an export of n leaves, as of a console that is used, and
// returns its path and whose key signed it.
func longExport(tb testing.TB, n int64) (string, note.Verifier) {
	tb.Helper()
	fatal := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	private, public, err := note.GenerateKey(rand.Reader, origin)
	fatal(err)
	key, err := note.NewSigner(private)
	fatal(err)
	verifier, err := note.NewVerifier(public)
	fatal(err)
	path := filepath.Join(tb.TempDir(), "log.jsonl")
	f, err := os.Create(path)
	fatal(err)
	out := bufio.NewWriterSize(f, 1<<20)
	log := &hashes{}
	for seq := range n {
		p := audit.Personal{Salt: []byte("0123456789abcdef"), Fields: map[string]string{"remote": "198.51.100.9", "factor": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}}
		leaf := audit.Leaf{
			Actor: "owner:acme", Verb: "request.code_sent", Site: "acme", Request: "R-7M2KQ4XA", From: "drafted", To: "code_sent",
			Data: map[string]string{"channel": "email", "send": "1"}, Time: time.Unix(1_700_000_000+seq, 123456789), Personal: p.Commitments(),
		}
		_, err := audit.Append(log, leaf)
		fatal(err)
		line, err := audit.ExportLine(log.last, map[string]audit.Personal{"owner:acme": p})
		fatal(err)
		_, err = out.Write(line)
		fatal(err)
	}
	root, err := audit.TreeHash(log, n)
	fatal(err)
	signed, err := note.Sign(&note.Note{Text: audit.Checkpoint{Origin: origin, Tree: tlog.Tree{N: n, Hash: root}}.Text()}, key)
	fatal(err)
	end, err := audit.ExportEnd(string(signed))
	fatal(err)
	_, err = out.Write(end)
	fatal(err)
	fatal(out.Flush())
	fatal(f.Close())
	return path, verifier
}

// hashes is a log that keeps its hashes and its last leaf.
type hashes struct {
	memory
	size int64
	last []byte
}

func (h *hashes) Size() (int64, error) { return h.size, nil }

func (h *hashes) Append(leaf []byte, more [][32]byte) error {
	h.size, h.last, h.hashes = h.size+1, leaf, append(h.hashes, more...)
	return nil
}

func verifyAt(tb testing.TB, path string, verifier note.Verifier) (lines int64, peak uint64) {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	}()
	m := &meter{Reader: f}
	r, err := audit.Verify(m, audit.VerifyOptions{Verifier: verifier})
	if err != nil {
		tb.Fatal(err)
	}
	return r.Lines, m.peak
}

// A log of any length is verified in the same memory.
func TestVerifyKeepsOneLine(t *testing.T) {
	path, verifier := longExport(t, 50_000)
	runtime.GC()
	if lines, peak := verifyAt(t, path, verifier); lines != 50_000 || peak > 64<<20 {
		t.Errorf("%d lines took %d MiB", lines, peak>>20)
	}
}

// BenchmarkVerify verifies exported logs; the aim is 1,000,000 leaves in 10 s.
func BenchmarkVerify(b *testing.B) {
	for _, n := range []int64{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path, verifier := longExport(b, n)
			runtime.GC()
			var peak uint64
			began := processTime(b)
			for b.Loop() {
				_, peak = verifyAt(b, path, verifier)
			}
			b.ReportMetric((processTime(b)-began).Seconds()/float64(b.N), "cpu-s") // over all cores; wall time also counts who else is at work
			b.ReportMetric(float64(peak>>20), "peak-MiB")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
		})
	}
}

// processTime is how long this process has kept cores busy.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
