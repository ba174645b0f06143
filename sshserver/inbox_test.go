package sshserver

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/synctest"

	gossh "golang.org/x/crypto/ssh"
)

// torrent is a channel whose client never stops sending.
type torrent struct {
	gossh.Channel
	data   io.Reader
	beside io.Reader
}

func (f torrent) Read(p []byte) (int, error) { return f.data.Read(p) }

func (f torrent) Stderr() io.ReadWriter {
	return struct {
		io.Reader
		io.Writer
	}{f.beside, io.Discard}
}

// What a client sends is there to be read, byte for byte, to its end.
func TestInputIsKept(t *testing.T) {
	sent := bytes.Repeat([]byte("input "), maxPending/6)
	b := newBounded(torrent{data: bytes.NewReader(sent), beside: bytes.NewReader(make([]byte, 1<<20))}, func(f func()) { go f() })
	got, err := io.ReadAll(b)
	check(t, err)
	if !bytes.Equal(got, sent) {
		t.Errorf("%d bytes of %d", len(got), len(sent))
	}
}

// Input that nobody reads is taken all the same, kept up to a bound, and its
// reader is told that some is missing.
func TestInputThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endless := func() io.Reader { return io.LimitReader(zeros{}, 100<<20) }
		b := newBounded(torrent{data: endless(), beside: endless()}, func(f func()) { go f() })
		synctest.Wait() // all of it was taken
		got, err := io.ReadAll(b)
		if len(got) > maxPending || len(got) == 0 || !errors.Is(err, errTooMuch) || cap(b.pending) > 2*maxPending {
			t.Errorf("%d bytes in %d, then %v", len(got), cap(b.pending), err)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// The attack: somebody with a login opens a command that reads nothing and sends
// bytes one by one. Each packet would be kept by itself, which costs the server
// fifty times what was sent.
func TestOneByteAtATimeCostsNoMemory(t *testing.T) {
	w := newWorld(t)
	channel, requests, err := w.owner().OpenChannel("session", nil)
	check(t, err)
	go gossh.DiscardRequests(requests)
	if _, err := channel.SendRequest("exec", true, gossh.Marshal(struct{ Line string }{"hang"})); err != nil {
		t.Fatal(err)
	}
	receive(t, "the command", w.commands)
	before := heap()
	const packets = 100_000
	for range packets {
		if _, err := channel.Write([]byte{'x'}); err != nil {
			t.Fatal(err)
		}
	}
	// Its answer comes once all that was sent before it has been taken.
	if _, err := channel.SendRequest("unknown", true, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was sent is given back", func() bool { return heap() < before+4<<20 })
	check(t, channel.Close())
}

// heap is what is in use, in bytes.
func heap() uint64 {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return now.HeapAlloc
}
