package pairsum_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"breakglass/core/backup/pairsum"
)

// The examples of NIST for SHA-256, and the empty stream.
func TestKnownSums(t *testing.T) {
	t.Parallel()
	for _, known := range []struct{ of, sum string }{
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{strings.Repeat("a", 1000000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
	} {
		s := pairsum.NewPool().New()
		write(t, s, []byte(known.of))
		if sum := s.Sum(); hex.EncodeToString(sum[:]) != known.sum {
			t.Errorf("the sum of %.10q… is %x", known.of, sum)
		}
	}
}

func write(t testing.TB, s *pairsum.Sum, p []byte) {
	t.Helper()
	if n, err := s.Write(p); n != len(p) || err != nil {
		t.Fatalf("took %d of %d bytes: %v", n, len(p), err)
	}
}

// bytesOf returns bytes that are the same for the same seed.
func bytesOf(seed uint64, size int) []byte {
	p := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(p)
	return p
}

// Every length around the bounds of a block has the sum that crypto/sha256 gives it.
func TestEveryLength(t *testing.T) {
	t.Parallel()
	all := bytesOf(1, 300)
	for n := range all {
		s := pairsum.NewPool().New()
		write(t, s, all[:n])
		if s.Sum() != sha256.Sum256(all[:n]) {
			t.Errorf("%d bytes have another sum", n)
		}
	}
}

// Streams of any lengths, in pieces of any sizes, written and left to others, have
// the sums that they have alone, whoever hashes what.
func TestStreamsTogether(t *testing.T) {
	t.Parallel()
	pool := pairsum.NewPool()
	var all sync.WaitGroup
	for worker := range uint64(8) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(worker, 2)) //nolint:gosec // sizes
			for round := range uint64(60) {
				content := bytesOf(worker<<8|round, random.IntN(200<<10))
				s := pool.New()
				for rest := content; len(rest) > 0; {
					n := min(len(rest), 1+random.IntN(1<<random.IntN(18)))
					switch random.IntN(4) {
					case 0:
						write(t, s, rest[:n])
					case 1:
						s.Until(s.Begin(rest[:n]))
					default:
						s.Begin(rest[:n])
					}
					rest = rest[n:]
				}
				if s.Sum() != sha256.Sum256(content) {
					t.Errorf("worker %d, round %d: another sum", worker, round)
				}
			}
		})
	}
	all.Wait()
}

// What was begun and is waited for much later was hashed by whoever came by, or is
// now; a stream that waits holds up nobody.
func TestWhatIsLeftToOthers(t *testing.T) {
	t.Parallel()
	pool := pairsum.NewPool()
	content := bytesOf(3, 1<<20)
	var left [5]*pairsum.Sum
	for i := range left {
		left[i] = pool.New()
		left[i].Begin(content[:(i+1)*100<<10])
	}
	archive := pool.New()
	write(t, archive, content)
	for i, s := range left {
		if s.Sum() != sha256.Sum256(content[:(i+1)*100<<10]) {
			t.Errorf("stream %d has another sum", i)
		}
	}
	if archive.Sum() != sha256.Sum256(content) {
		t.Error("the archive has another sum")
	}
}

// Who is patient waits for others that hash, and hashes by itself once somebody is in
// a hurry: it never waits for nobody.
func TestWhoIsPatientIsHurried(t *testing.T) {
	t.Parallel()
	content := bytesOf(4, 300<<10)
	synctest.Test(t, func(t *testing.T) {
		pool := pairsum.NewPool()
		archive, file := pool.NewPatient(), pool.New()
		done := 0
		go func() {
			for rest := content; len(rest) > 0; rest = rest[100<<10:] {
				archive.Until(archive.Begin(rest[:100<<10]))
				done++
			}
		}()
		if synctest.Wait(); pool.Pairs() && done != 0 {
			t.Errorf("%d pieces were hashed, and nobody needed them", done)
		}
		write(t, file, content[:150<<10])
		if synctest.Wait(); pool.Pairs() && done != 1 {
			t.Errorf("%d pieces were hashed beside a file that is as long as one and a half", done)
		}
		defer pool.Hurry()()
		if synctest.Wait(); done != 3 {
			t.Errorf("%d pieces were hashed in a hurry", done)
		}
		if archive.Sum() != sha256.Sum256(content) || file.Sum() != sha256.Sum256(content[:150<<10]) {
			t.Error("another sum")
		}
	})
}

// FuzzPair has two streams in any pieces side by side.
func FuzzPair(f *testing.F) {
	f.Add([]byte("abc"), bytes.Repeat([]byte("xyz"), 100), uint(7))
	f.Add(bytes.Repeat([]byte{0}, 64), bytes.Repeat([]byte{255}, 127), uint(64))
	f.Fuzz(func(t *testing.T, a, b []byte, step uint) {
		n := int(step%500) + 1
		pool := pairsum.NewPool()
		x, y := pool.New(), pool.New()
		for p, q := a, b; len(p)+len(q) > 0; {
			x.Begin(p[:min(n, len(p))])
			write(t, y, q[:min(n, len(q))])
			p, q = p[min(n, len(p)):], q[min(n, len(q)):]
		}
		if x.Sum() != sha256.Sum256(a) || y.Sum() != sha256.Sum256(b) {
			t.Error("another sum than that of crypto/sha256")
		}
	})
}

// BenchmarkTwoStreams hashes two streams of 256 KiB, and as its peer crypto/sha256
// the one after the other.
func BenchmarkTwoStreams(b *testing.B) {
	p, q := bytesOf(5, 256<<10), bytesOf(6, 256<<10)
	b.Run("pairsum", func(b *testing.B) {
		b.SetBytes(int64(len(p) + len(q)))
		pool := pairsum.NewPool()
		for b.Loop() {
			x, y := pool.New(), pool.New()
			x.Begin(p)
			write(b, y, q)
			x.Sum()
			y.Sum()
		}
	})
	b.Run("crypto/sha256", func(b *testing.B) {
		b.SetBytes(int64(len(p) + len(q)))
		for b.Loop() {
			sha256.Sum256(p)
			sha256.Sum256(q)
		}
	})
}
