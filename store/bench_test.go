package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"

	"go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
)

func openBench(b *testing.B) *Store {
	b.Helper()
	s, err := Open(filepath.Join(b.TempDir(), "breakglass.db"), Options{BallastSize: 4 << 10})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// stepLeaf is a leaf as most are, with what lies beside it.
func stepLeaf(at time.Time, site, grant string) (audit.Leaf, []byte) {
	p := audit.Personal{Salt: []byte("0123456789abcdef"), Fields: map[string]string{"remote": "198.51.100.9", "factor": "passphrase"}}
	beside, _ := p.Encode() // a map of strings
	return audit.Leaf{
		Actor: "owner:" + site, Verb: "request.code_sent", Site: site, Request: "R-" + grant, Grant: grant, From: "drafted", To: "code_sent",
		Data: map[string]string{"channel": "email", "send": "1"}, Time: at, Personal: p.Commitments(),
	}, beside
}

// transition is what a step writes: its record, its leaf, and two messages.
func transition(tx core.Tx, n int) error {
	leaf, beside := stepLeaf(time.Unix(1_700_000_000, 0), "acme", fmt.Sprintf("G-%08d", n))
	if _, err := tx.Requests().Put(core.Request{ID: leaf.Request, Site: "acme", State: core.RequestCodeSent, Factor: "passphrase", Reason: "the manager does not answer"}); err != nil {
		return err
	}
	seq, err := audit.Append(tx.Log(), leaf)
	if err != nil {
		return err
	}
	if err := tx.Log().Index(seq, leaf.Keys()...); err != nil {
		return err
	}
	if err := tx.Log().PutPersonal(leaf.Actor, seq, beside); err != nil {
		return err
	}
	for i := range 2 {
		_, err := tx.Outbox().Put(core.Message{
			ID: fmt.Sprintf("M-%010d-%03d", seq, i), State: core.MessageQueued, Event: core.EventRequestCodeSent, Kind: core.ContactEmail,
			Address: "owner@acme.example", Site: "acme", Request: leaf.Request, Leaf: seq,
			Data: map[string]string{"actor": leaf.Actor, "remote": "198.51.100.9", "title": "The acme shop", "host": "backup.example"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// bytesOf returns how many bytes of keys and values the n-th transition stores.
func bytesOf(b *testing.B, s *Store) (total int) {
	b.Helper()
	count := func() (size int) {
		if err := s.db.View(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(_ []byte, bucket *bbolt.Bucket) error {
				return bucket.ForEach(func(k, v []byte) error { size += len(k) + len(v); return nil })
			})
		}); err != nil {
			b.Fatal(err)
		}
		return size
	}
	before := count()
	if err := s.Update(context.Background(), func(tx core.Tx) error { return transition(tx, 0) }); err != nil {
		b.Fatal(err)
	}
	return count() - before
}

// BenchmarkTransition is a step with its leaf and two messages, beside a bare
// commit of as many bytes to a file with the same options, in one row as the step
// is; the aim is 1.25 times that. The step's share of moving what is recent to
// where it belongs is part of it.
func BenchmarkTransition(b *testing.B) {
	s := openBench(b)
	size := bytesOf(b, s)
	bare, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, boltOptions())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := bare.Close(); err != nil {
			b.Error(err)
		}
	})
	value := bytes.Repeat([]byte("x"), size-8)
	var ledger, plain time.Duration
	n := 0
	for b.Loop() { // in turn, so that both meet the same disk
		n++
		start := time.Now()
		if err := s.Update(context.Background(), func(tx core.Tx) error { return transition(tx, n) }); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if err := bare.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("bare"))
			if err != nil {
				return err
			}
			return bucket.Put(number(int64(n)), value)
		}); err != nil {
			b.Fatal(err)
		}
		ledger, plain = ledger+middle.Sub(start), plain+time.Since(middle)
	}
	for name, db := range map[string]*bbolt.DB{"ledger": s.db, "bare": bare} {
		stats := db.Stats().TxStats
		b.ReportMetric(float64(stats.GetWrite())/float64(n), name+"-writes") // of one page or several beside each other
		b.ReportMetric(float64(stats.GetPageAlloc())/float64(n)/1024, name+"-KiB")
	}
	b.ReportMetric(float64(size), "bytes")
	b.ReportMetric(float64(ledger.Microseconds())/float64(n), "ledger-µs")
	b.ReportMetric(float64(plain.Microseconds())/float64(n), "bare-µs")
	b.ReportMetric(ledger.Seconds()/plain.Seconds(), "times")
}

// benchStart is the time of a log's first line; the next follow by the second.
var benchStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// consoleOn opens a console whose log has the given number of lines, one in a
// thousand of them of one grant.
func consoleOn(b *testing.B, lines int) *core.Console {
	b.Helper()
	s := openBench(b)
	const batch = 20_000
	for from := 0; from < lines; from += batch {
		err := s.Update(context.Background(), func(tx core.Tx) error {
			for i := from; i < min(from+batch, lines); i++ {
				leaf, beside := stepLeaf(benchStart.Add(time.Duration(i)*time.Second), fmt.Sprint("site", i%50), fmt.Sprintf("G-%d", i%1000))
				seq, err := audit.Append(tx.Log(), leaf)
				if err != nil {
					return err
				}
				if err := tx.Log().Index(seq, leaf.Keys()...); err != nil {
					return err
				}
				if err := tx.Log().PutPersonal(leaf.Actor, seq, beside); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	private, _, err := note.GenerateKey(rand.Reader, "bench/log")
	if err != nil {
		b.Fatal(err)
	}
	key, err := note.NewSigner(private)
	if err != nil {
		b.Fatal(err)
	}
	console, err := core.Open(context.Background(), core.Options{
		Ledger: s, Engine: coretest.NewEngine(coretest.Script{}), Vault: coretest.NewVault(), Clock: coretest.NewClock(), Random: rand.Reader,
		Log: slog.New(slog.DiscardHandler), Pepper: core.NewSecret("pepper"), Signer: audit.NewSigner("bench/log", key),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(console.Close)
	return console
}

// BenchmarkLogPage opens the newest page of a log of 1,000,000 lines, and pages at
// any other place, of one site, of one grant and of one time; the aim is 50 ms.
// One step of a search that finds nothing reads 20,000 lines.
func BenchmarkLogPage(b *testing.B) {
	console := consoleOn(b, 1_000_000)
	middle := benchStart.Add(500_000 * time.Second)
	for name, q := range map[string]core.LogQuery{
		"newest": {Limit: 100}, "oldest": {Limit: 100, Upward: true}, "middle": {Limit: 100, Before: 500_000}, "site": {Limit: 100, Site: "site7"},
		"grant": {Limit: 100, Grant: "G-7"}, "grant-upward": {Limit: 100, Grant: "G-7", Upward: true, Start: 500_000},
		"time": {Limit: 100, From: middle, To: middle.Add(100 * time.Second)}, "search-step": {Limit: 100, Text: "in no line"},
	} {
		want := 100
		if q.Text != "" {
			want = 0
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				page, err := console.Log(context.Background(), core.RootActor, q)
				if err != nil || len(page.Lines) != want {
					b.Fatalf("%d lines, %v", len(page.Lines), err)
				}
			}
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			b.ReportMetric(float64(stats.HeapInuse>>20), "heap-MiB")
		})
	}
}
