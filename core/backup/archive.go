package backup

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/backup/pairsum"

	"golang.org/x/crypto/ssh"
)

// archive writes the one archive of a run. Its methods are for one goroutine.
type archive struct {
	out      *outlet
	packer   *packer
	tar      *tar.Writer
	headers  *tarHeaders // where it writes
	manifest *spool
	held     []heldLine // the manifest's next lines
	top      string
	created  time.Time
	signer   ssh.Signer
}

// newArchive begins an archive on w. Finish or Drop must follow.
func newArchive(ctx context.Context, w io.Writer, header Header, o Options, sums *pairsum.Pool, written func(int64)) (*archive, error) {
	manifest, err := newSpool(o.Scratch)
	if err != nil {
		return nil, err
	}
	a := &archive{
		manifest: manifest, top: header.Name, created: header.Created, signer: o.Signer,
	}
	a.out = &outlet{ctx: ctx, w: w, written: written}
	if a.packer, err = newPacker(o.Format, sums, a.out.send); err != nil {
		return nil, errors.Join(fmt.Errorf("begin archive: %w", err), a.Drop())
	}
	a.headers = &tarHeaders{Writer: a.packer}
	a.tar = tar.NewWriter(a.headers)
	if err := a.line(header); err != nil {
		return nil, errors.Join(err, a.Drop())
	}
	return a, nil
}

// header returns the start of a tar header. PAX keeps every name byte for byte
// and times to the nanosecond.
func (a *archive) header(path string, mode int64, mtime time.Time) *tar.Header {
	return &tar.Header{
		Format: tar.FormatPAX, Name: a.top + "/" + path, Mode: mode, ModTime: knownTime(mtime),
	}
}

// knownTime returns a time that every reader of the manifest can write down: a
// hostile site may have set one of the year 292277026596.
func knownTime(t time.Time) time.Time {
	if year := t.UTC().Year(); t.IsZero() || year < 1 || year > 9999 {
		return time.Unix(0, 0)
	}
	if t.Unix() < 0 {
		return t.Truncate(time.Second) // tars disagree about fractions before 1970
	}
	return t
}

// begin writes a tar header.
func (a *archive) begin(h *tar.Header) error {
	if strings.ContainsRune(h.Name, 0) || strings.ContainsRune(h.Linkname, 0) {
		return fmt.Errorf("write archive: a name holds NUL: %w", core.ErrSite)
	}
	if err := a.headers.write(a.tar, h); err != nil {
		return a.failed(err)
	}
	return a.out.failed()
}

// write passes bytes of the entry at hand on.
func (a *archive) write(p []byte) error {
	if _, err := a.tar.Write(p); err != nil {
		return a.failed(err)
	}
	return a.out.failed()
}

// copyIn passes all of r on as the entry at hand, and gives it to be hashed where
// there is a sum. What it reads lies in the archive at once.
func (a *archive) copyIn(r io.Reader, sum *pairsum.Sum) error {
	for {
		room := a.packer.room()
		n, err := r.Read(room)
		if n > 0 {
			a.packer.hold(sum, room[:n])
			if err := a.write(room[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read for archive: %w", err)
		}
	}
}

func (a *archive) failed(err error) error {
	if out := a.out.failed(); out != nil {
		return out
	}
	return fmt.Errorf("write archive: %w", err)
}

// Finish writes the manifest and its signature and ends the archive.
func (a *archive) Finish() (sum string, signature []byte, written int64, err error) {
	if err := a.settle(0); err != nil {
		return "", nil, 0, err
	}
	if err := a.manifest.Finish(); err != nil {
		return "", nil, 0, err
	}
	if err := a.addManifest(); err != nil {
		return "", nil, 0, err
	}
	if err := a.tar.Close(); err != nil {
		return "", nil, 0, a.failed(err)
	}
	if err := a.packer.Close(); err != nil {
		return "", nil, 0, a.failed(err)
	}
	if err := a.out.failed(); err != nil {
		return "", nil, 0, err
	}
	sum, signature, err = seal(a.packer.Sum(), a.signer)
	return sum, signature, a.out.count, err
}

func (a *archive) addManifest() error {
	r, err := a.manifest.Reader()
	if err != nil {
		return err
	}
	h := a.header(manifestName, 0o644, a.created)
	h.Size = a.manifest.Size()
	if err := a.begin(h); err != nil {
		return err
	}
	if err := a.copyIn(r, nil); err != nil {
		return err
	}
	if a.signer == nil {
		return nil
	}
	if r, err = a.manifest.Reader(); err != nil {
		return err
	}
	signature, err := sign(r, a.signer)
	if err != nil {
		return err
	}
	h = a.header(signatureName, 0o644, a.created)
	h.Size = int64(len(signature))
	if err := a.begin(h); err != nil {
		return err
	}
	return a.write(signature)
}

// Drop ends what is left of the archive: goroutines, buffers, the spool. After
// Finish it only closes the spool.
func (a *archive) Drop() error {
	a.dropLines()
	if a.packer != nil {
		a.out.stop()
		a.packer.Close() //nolint:errcheck,gosec // nobody gets this archive
	}
	return a.manifest.Close()
}

// outlet is where packed bytes leave. It keeps the first error and swallows
// what follows, so that those who pack come to their end. send is called by a
// goroutine of the packer's.
type outlet struct {
	ctx     context.Context
	w       io.Writer
	written func(int64)
	count   int64
	first   syncError
}

func (o *outlet) send(p []byte) {
	if o.first.get() != nil {
		return
	}
	if o.ctx.Err() != nil {
		o.first.set(context.Cause(o.ctx))
		return
	}
	n, err := o.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		if diskFull(err) {
			err = errors.Join(core.ErrNoSpace, err)
		}
		o.first.set(fmt.Errorf("write archive: %w", err))
		return
	}
	o.count += int64(n)
	o.written(o.count)
}

func (o *outlet) failed() error { return o.first.get() }

func (o *outlet) stop() { o.first.set(errUnsealed) }
