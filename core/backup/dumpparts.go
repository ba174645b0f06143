package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/backup/dumpscan"
)

// partSize is from where on a part of a dump ends with the statement at hand.
// Statements of up to the same size keep parts within 64 MiB.
const partSize = 32 << 20

// memoryPart stands for partSize where a part has to stay in memory.
const memoryPart = 8 << 20

// maxParts keeps the names of parts in order: four digits.
const maxParts = 9999

// part is a finished piece of a dump. A nil spool says that the dump is done.
type part struct {
	dump   *dump
	number int
	spool  *spool
	taken  chan struct{} // closed once the archive has it
}

// dumpParts cuts a dump between statements and hands the parts on. It is for
// one goroutine.
type dumpParts struct {
	ctx     context.Context
	dump    *dump
	scratch string
	scan    dumpscan.Reader
	current *spool
	number  int
	size    int64
	send    chan<- part
	moved   func(n int)
	tail    []byte // the last bytes, held back until it is known how the dump ended
	clock   core.Clock
	waited  time.Duration // the longest that a part in memory waited to be taken
}

// starvedAfter is how long a dump may be held up before that is named as what
// broke it: the least that servers are set to wait for a client.
const starvedAfter = time.Second

// starved reports whether a dump that broke off may have done so because there
// was no disk to take it ahead and nobody took what memory held.
func (d *dumpParts) starved() bool { return d.waited >= starvedAfter }

// Write implements io.Writer. It is called by a goroutine of os/exec.
func (d *dumpParts) Write(p []byte) (n int, err error) {
	err = guard(func() (err error) {
		n, err = d.write(p)
		return err
	})
	return n, err
}

func (d *dumpParts) write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		if d.current == nil {
			if err := d.begin(); err != nil {
				return 0, err
			}
		}
		n, ended := d.scan.Scan(p)
		if err := d.put(p[:n]); err != nil {
			return 0, err
		}
		p = p[n:]
		if ended && (d.current.Size() >= partSize || d.current.InMemory() && d.current.Size() >= memoryPart) {
			if err := d.finish(); err != nil {
				return 0, err
			}
		}
	}
	d.size += int64(written)
	d.moved(written)
	return written, nil
}

// tailSize is how much is held back: enough for a dumper's last line.
const tailSize = 4 << 10

// put writes all but the tail of the part at hand.
func (d *dumpParts) put(p []byte) error {
	if len(d.tail)+len(p) > 2*tailSize {
		old := min(len(d.tail), len(d.tail)+len(p)-tailSize)
		now := len(d.tail) + len(p) - tailSize - old
		if _, err := d.current.Write(d.tail[:old]); err != nil {
			return err
		}
		if _, err := d.current.Write(p[:now]); err != nil {
			return err
		}
		d.tail, p = append(d.tail[:0], d.tail[old:]...), p[now:]
	}
	d.tail = append(d.tail, p...)
	return nil
}

func (d *dumpParts) flush() error {
	_, err := d.current.Write(d.tail)
	d.tail = d.tail[:0]
	return err
}

// brokenBy begins the line that ends a dump that broke off.
const brokenBy = "-- The dump broke off here"

// breakOff ends a dump that is not whole. It must not look as if it were: a
// last line that says so is taken back.
func (d *dumpParts) breakOff() error {
	if d.current == nil {
		return nil
	}
	if at := bytes.LastIndex(d.tail, []byte(d.scan.LastWords())); d.scan.Whole() && at >= 0 {
		d.size -= int64(len(d.tail) - at)
		d.tail = d.tail[:at]
	}
	if !d.scan.AtRest() {
		return nil // within a text or rows, where a line would be part of them
	}
	line := []byte("\n" + brokenBy + "\n")
	for rest := line; len(rest) > 0; {
		n, _ := d.scan.Scan(rest)
		rest = rest[n:]
	}
	d.size += int64(len(line))
	return d.put(line)
}

func (d *dumpParts) begin() (err error) {
	if d.number == maxParts {
		return fmt.Errorf("dump has more than %d parts: %w", maxParts, core.ErrDatabase)
	}
	d.number++
	d.current, err = newPartSpool(d.scratch)
	return err
}

// finish hands the part at hand on. One that had to stay in memory is waited
// for, so that there is never more than one.
func (d *dumpParts) finish() error {
	if d.current == nil {
		return nil
	}
	if err := errors.Join(d.flush(), d.current.Finish()); err != nil {
		return err
	}
	finished := part{dump: d.dump, number: d.number, spool: d.current, taken: make(chan struct{})}
	select {
	case d.send <- finished:
		d.current = nil
	case <-d.ctx.Done():
		return context.Cause(d.ctx)
	}
	if !finished.spool.InMemory() {
		return nil
	}
	_, since := d.clock.Boot()
	defer func() {
		_, now := d.clock.Boot()
		d.waited = max(d.waited, now-since)
	}()
	select {
	case <-finished.taken:
		return nil
	case <-d.ctx.Done():
		return context.Cause(d.ctx)
	}
}

// drop gives back what was not handed on.
func (d *dumpParts) drop() error {
	if d.current == nil {
		return nil
	}
	err := d.current.Close()
	d.current = nil
	return err
}

// reader returns the reader for the dump of a database of its kind.
func (d *dump) reader() dumpscan.Reader {
	if d.kind() == detect.Postgres {
		return dumpscan.NewPostgres()
	}
	return dumpscan.NewMySQL()
}
