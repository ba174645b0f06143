package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"breakglass/core"
)

// maxWrong bounds how many faults are listed.
const maxWrong = 50

// Read reads an archive from start to end, once, and hands what is in it to a
// sink while it checks all that [Verify] checks. What it returns and when it
// fails is what Verify says; an error of the sink is passed through, wrapped. A
// nil sink takes nothing.
func Read(ctx context.Context, r io.Reader, o VerifyOptions, sink Sink) (Contents, error) {
	if o.Scratch == "" {
		o.Scratch = os.TempDir()
	}
	if sink == nil {
		sink = nowhere{}
	}
	seen, err := newSpool(o.Scratch)
	if err != nil {
		return Contents{}, fmt.Errorf("read archive: %w", err)
	}
	manifest, err := newSpool(o.Scratch)
	if err != nil {
		return Contents{}, errors.Join(fmt.Errorf("read archive: %w", err), seen.Close())
	}
	source := &sourceReader{ctx: ctx, r: r}
	v := &verifier{
		ctx: ctx, options: o, source: source, sink: sink, seen: seen, manifest: manifest, order: newOrder(),
		dumps: map[string]*dumpCheck{}, copying: make([]byte, 256<<10),
	}
	err = errors.Join(guard(v.check), seen.Close(), manifest.Close())
	switch {
	case ctx.Err() != nil:
		return v.contents(), fmt.Errorf("read archive: %w: %w", core.ErrCancelled, context.Cause(ctx))
	case source.failed() != nil:
		return v.contents(), fmt.Errorf("read archive: %w", source.failed())
	case err != nil:
		var fault *core.Refusal
		if errors.As(err, &fault) {
			v.wrong(fault.Detail)
			return v.contents(), fault
		}
		return v.contents(), fmt.Errorf("read archive: %w", err)
	case len(v.report.Wrong) > 0:
		return v.contents(), core.Refuse(core.ErrInvalid, "%s", v.report.Wrong[0])
	default:
		return v.contents(), nil
	}
}

// verifier is one check.
type verifier struct {
	ctx       context.Context
	options   VerifyOptions
	source    *sourceReader
	sink      Sink
	report    Report
	header    Header
	end       End
	databases []StoredDatabase
	top       string
	at        string // the entry at hand, for whoever asks where it broke
	order     *order
	seen      *spool // a line per entry, as it was found
	manifest  *spool // MANIFEST.jsonl
	complete  bool   // the manifest has been read
	signature []byte
	proof     keptProof
	dumps     map[string]*dumpCheck // by folder
	told      time.Time
	copying   []byte
}

func (v *verifier) contents() Contents {
	return Contents{Report: v.report, Header: v.header, Databases: v.databases, End: v.end}
}

// fault is a refusal of the archive as a whole.
func fault(format string, args ...any) error { return core.Refuse(core.ErrInvalid, format, args...) }

// wrong lists a fault.
func (v *verifier) wrong(sentence string) {
	if len(v.report.Wrong) < maxWrong {
		v.report.Wrong = append(v.report.Wrong, sentence)
	}
}

// check reads the archive, then compares what was found with the manifest.
func (v *verifier) check() error {
	in := bufio.NewReaderSize(v.source, 256<<10)
	unpack, err := v.inflater(in)
	if err != nil {
		return err
	}
	stream := newLookahead(v.ctx, in, unpack)
	defer stream.Stop()
	t := tar.NewReader(stream)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return v.damaged(err)
		}
		if err := v.entry(h, t); err != nil {
			return err
		}
	}
	// What follows the end of the tar must be nothing but its padding.
	if _, err := io.Copy(padding{}, stream); err != nil {
		return v.damaged(err)
	}
	if !v.complete {
		return fault("The archive holds no manifest at its end: it was cut short, or it is not one of breakglass.")
	}
	if err := errors.Join(v.seen.Finish(), v.manifest.Finish()); err != nil {
		return err
	}
	if err := v.checkSignature(); err != nil {
		return err
	}
	if err := v.compare(); err != nil {
		return err
	}
	return v.checkProof()
}

// inflater finds out how the archive is compressed.
func (v *verifier) inflater(in *bufio.Reader) (inflater, error) {
	for _, i := range inflaters {
		start, err := in.Peek(len(i.magic))
		if err == nil && string(start) == i.magic {
			return i.open, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	return nil, fault("This is not a breakglass archive: it is neither gzip nor zstd, or its first bytes are damaged.")
}

// padding takes zeros only.
type padding struct{}

// Write implements io.Writer.
func (padding) Write(p []byte) (int, error) {
	if len(bytes.TrimLeft(p, "\x00")) > 0 {
		return 0, fault("Something stands behind the end of the archive, where nothing may; it was tampered with.")
	}
	return len(p), nil
}

// damaged says that the archive cannot be read on, unless it is the reader that
// failed.
func (v *verifier) damaged(err error) error {
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		return err
	}
	where := "at its start"
	if v.at != "" {
		where = "in or behind “" + shownLine(v.at) + "”"
	}
	return &core.Refusal{
		Kind: core.ErrInvalid, Cause: err,
		Detail: fmt.Sprintf("The archive is damaged or was cut short %s: it cannot be read to its end. Fetch it again and compare its SHA-256.", where),
	}
}

// entry takes one entry of the tar.
func (v *verifier) entry(h *tar.Header, content io.Reader) error {
	name, err := v.nameOf(h)
	if err != nil {
		return err
	}
	v.at = name
	switch {
	case v.signature != nil, v.complete && name != signatureName:
		return fault("“%s” stands behind the archive's manifest, where nothing may.", shownLine(h.Name))
	case name == manifestName:
		return v.keepManifest(h, content)
	case name == signatureName:
		return v.keepSignature(h, content)
	}
	found, err := v.look(name, h, content)
	if err != nil {
		return err
	}
	v.progress(name)
	line, err := encodeLine(found)
	if err != nil {
		return err
	}
	_, err = v.seen.Write(line)
	return err
}

// maxName bounds a path in an archive, in bytes.
const maxName = 64 << 10

// nameOf returns an entry's path below the top folder. A name that could lead
// anywhere else is refused, whatever it would be used for.
func (v *verifier) nameOf(h *tar.Header) (string, error) {
	full := h.Name
	if h.Typeflag == tar.TypeDir {
		full = strings.TrimSuffix(full, "/")
	}
	top, name, ok := strings.Cut(full, "/")
	if v.top == "" {
		v.top = top
	}
	if !ok || top != v.top || len(full) > maxName || strings.ContainsRune(full, 0) {
		return "", fault("“%s” does not lie in the archive's one folder; this archive was tampered with.", shownLine(h.Name))
	}
	for element := range strings.SplitSeq(full, "/") {
		if element == "" || element == "." || element == ".." {
			return "", fault("“%s” is a path that would lead out of the archive's folder; this archive was tampered with.", shownLine(h.Name))
		}
	}
	return name, nil
}

func (v *verifier) keepManifest(h *tar.Header, content io.Reader) error {
	if h.Typeflag != tar.TypeReg || isSparse(h) {
		return fault("The archive's manifest is not a file.")
	}
	v.complete = true
	return v.keep(manifestName, h, content, v.manifest)
}

// maxSignature bounds a signature, in bytes.
const maxSignature = 64 << 10

func (v *verifier) keepSignature(h *tar.Header, content io.Reader) error {
	if h.Typeflag != tar.TypeReg || isSparse(h) || h.Size > maxSignature || !v.complete {
		return fault("The archive's signature is not in its place, or it is no signature.")
	}
	var out bytes.Buffer
	if err := v.keep(signatureName, h, content, &out); err != nil {
		return err
	}
	v.signature = out.Bytes()
	return nil
}

// progress tells how far the check is.
func (v *verifier) progress(name string) {
	if v.options.Progress == nil || time.Since(v.told) < tellEvery {
		return
	}
	v.told = time.Now()
	v.options.Progress(VerifyProgress{Read: v.source.read.Load(), Files: v.report.Files, Current: shown(name)})
}
