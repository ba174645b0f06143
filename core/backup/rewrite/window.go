package rewrite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"breakglass/core"
)

const (
	// windowSize is how much of a dump is in memory when no value is larger.
	windowSize = 1 << 20
	// history is how much of what has been read stays before the place at hand.
	history = 64
)

// window is the part of a dump that is in memory. What lies before kept is
// written, what lies before at is understood.
type window struct {
	ctx    context.Context
	src    io.Reader
	dst    *bufio.Writer
	w      *Rewriter
	report *Report

	buf   []byte
	at    int
	kept  int
	hold  int    // where the literal at hand begins, which must stay; -1: none
	hits  seeker // where something may be in buf
	eof   bool
	table string
	host  string // of a site of a network, whose path is to follow; "": none
	named bool   // the literal before this one says that it is a host

	scratch []byte // for what a literal stands for
}

func (w *Rewriter) newWindow(ctx context.Context, dst io.Writer, src io.Reader, report *Report) *window {
	return &window{
		ctx: ctx, src: src, w: w, report: report, hold: -1,
		dst: bufio.NewWriterSize(&counter{dst, &report.Written}, w.room/4),
		buf: make([]byte, 0, w.room),
	}
}

// counter counts what is written.
type counter struct {
	io.Writer
	n *int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	*c.n += int64(n)
	return n, err
}

// run calls step until all is read. Step understands what it can and says that
// it did; where it needs to see more it does not, unless eof is set.
func (w *window) run(step func() bool) error {
	for {
		for w.at < len(w.buf) && step() {
		}
		if w.eof {
			break
		}
		if err := w.fill(); err != nil {
			return fmt.Errorf("rewrite the dump: %w", err)
		}
	}
	if err := errors.Join(w.flush(len(w.buf)), w.dst.Flush()); err != nil {
		return fmt.Errorf("rewrite the dump: write: %w", err)
	}
	return nil
}

// flush writes what lies before end.
func (w *window) flush(end int) error {
	if end <= w.kept {
		return nil
	}
	_, err := w.dst.Write(w.buf[w.kept:end])
	w.kept = end
	return err
}

// fill writes what is done with and reads on, into more room where a literal
// fills all of it.
func (w *window) fill() error {
	if err := w.ctx.Err(); err != nil {
		return errors.Join(core.ErrCancelled, context.Cause(w.ctx))
	}
	done := w.at
	if w.hold >= 0 {
		done = w.hold
	}
	if err := w.flush(done); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if drop := w.kept - history; drop > 0 {
		w.buf = w.buf[:copy(w.buf, w.buf[drop:])]
		w.at -= drop
		w.kept -= drop
		if w.hold >= 0 {
			w.hold -= drop
		}
	}
	if free := cap(w.buf) - len(w.buf); free < w.w.room/2 {
		grown := make([]byte, len(w.buf), 2*cap(w.buf))
		copy(grown, w.buf)
		w.buf = grown
	}
	return w.read()
}

// read fills the room that there is.
func (w *window) read() error {
	n, err := io.ReadFull(w.src, w.buf[len(w.buf):cap(w.buf)])
	w.buf = w.buf[:len(w.buf)+n]
	w.hits = w.w.find.seek(w.buf)
	w.report.Read += int64(n)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		w.eof = true
		return nil
	case err != nil:
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// sees reports whether n bytes from i on are there to look at, or all there are.
func (w *window) sees(i, n int) bool { return w.eof || i+n <= len(w.buf) }

// byteAt returns the byte at i, or 0 behind the end and before the beginning.
func (w *window) byteAt(i int) byte {
	if i < 0 || i >= len(w.buf) {
		return 0
	}
	return w.buf[i]
}

// mayHold reports whether something may be to replace between from and end. It
// is asked from the front to the back.
func (w *window) mayHold(from, end int) bool { return w.hits.from(from) < end }

// tooLong lets go of the literal at hand if it is above the limit up to end,
// and counts it.
func (w *window) tooLong(end int) bool {
	if w.hold < 0 || end-w.hold <= w.w.max {
		return false
	}
	w.hold = -1
	w.report.Add(w.table, Counts{TooLarge: 1})
	return true
}

// literal rewrites the value whose bytes, as c escapes them, lie between from and
// end.
func (w *window) literal(from, end int, c *codec) error {
	if done, err := w.networkPath(from, end); done || err != nil {
		return err
	}
	named := w.named
	if w.named = namesHost(w.table, w.buf[from:end]); w.named || !w.mayHold(from, end) {
		return nil
	}
	s := scan{w: w.w, bare: named}
	edits := s.behind(w.table, w.buf[from:end], c, &w.scratch)
	if s.host {
		w.host = string(w.buf[from:end])
	}
	if len(edits) > 0 {
		s.counts.Values++
	}
	w.report.Add(w.table, s.counts)
	for _, e := range edits {
		if err := w.flush(from + e.at); err != nil {
			return err
		}
		if _, err := w.dst.Write(e.text); err != nil {
			return err
		}
		w.kept = from + e.end
	}
	return nil
}

// behind returns the edits of a value behind a codec, or behind none. It may use
// the room of scratch.
func (s *scan) behind(table string, raw []byte, c *codec, scratch *[]byte) []edit {
	if c == nil {
		return s.cell(table, raw)
	}
	decoded, ok := c.decodeTo((*scratch)[:0], raw)
	if !ok {
		s.leave(raw)
		return nil
	}
	*scratch = decoded
	before := s.counts
	edits, ok := c.lift(raw, s.cell(table, decoded))
	if !ok {
		s.counts = before
		s.leave(raw)
		return nil
	}
	return edits
}
