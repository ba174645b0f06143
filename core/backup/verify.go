package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"breakglass/core"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/crypto/ssh"
)

// VerifyOptions say what is asked of an archive.
type VerifyOptions struct {
	// Signer is the key that must have signed; nil: none is demanded.
	Signer ssh.PublicKey
	// Scratch is where lists are kept while checking; "": the system's.
	Scratch string
	// Progress is called at most ten times a second; nil: never.
	Progress func(VerifyProgress)
}

// VerifyProgress is how far a check is.
type VerifyProgress struct {
	Read    int64 // bytes of the archive
	Files   int64
	Current string // made safe
}

// Report is what a check found. What it says comes from the archive itself,
// and has been made safe to show.
type Report struct {
	Name, Site, Host, Kind string
	Created                time.Time
	Signer                 string       // fingerprint of the key that signed; "" unsigned
	Proven                 bool         // it is the demanded key
	Verdict                core.Verdict // as the manifest says
	Notes                  []string
	Files, Tables, Rows    int64
	Bytes                  int64    // unpacked
	Wrong                  []string // what is wrong, one sentence each
}

// maxWrong bounds how many faults are listed.
const maxWrong = 50

// Verify reads an archive from start to end and checks that it is whole: every
// hash, every file, link and table that its manifest names and nothing else,
// every dump's end, the manifest's signature. Nothing is unpacked, no name in
// it is used as a path, and memory stays bounded whatever it claims to hold: a
// hostile archive can waste time only, and not much, as gzip unpacks to at most
// a thousand times its size. err is nil if and only if all
// is right; else it is a core.Refusal of kind core.ErrInvalid that names the
// first fault, or wraps core.ErrCancelled, or is that of r.
//
// Without a signature, or without a demanded signer, a right archive is
// consistent but its origin is unproven: Proven is false.
func Verify(ctx context.Context, r io.Reader, o VerifyOptions) (Report, error) {
	if o.Scratch == "" {
		o.Scratch = os.TempDir()
	}
	seen, err := newSpool(o.Scratch)
	if err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	manifest, err := newSpool(o.Scratch)
	if err != nil {
		return Report{}, errors.Join(fmt.Errorf("verify: %w", err), seen.Close())
	}
	source := &sourceReader{ctx: ctx, r: r}
	v := &verifier{options: o, source: source, seen: seen, manifest: manifest, dumps: map[string]*dumpCheck{}}
	err = errors.Join(v.check(), seen.Close(), manifest.Close())
	switch {
	case ctx.Err() != nil:
		return v.report, fmt.Errorf("verify: %w: %w", core.ErrCancelled, context.Cause(ctx))
	case source.err != nil:
		return v.report, fmt.Errorf("verify: read archive: %w", source.err)
	case err != nil:
		var fault *core.Refusal
		if errors.As(err, &fault) {
			v.wrong(fault.Detail)
			return v.report, fault
		}
		return v.report, fmt.Errorf("verify: %w", err)
	case len(v.report.Wrong) > 0:
		return v.report, core.Refuse(core.ErrInvalid, "%s", v.report.Wrong[0])
	default:
		return v.report, nil
	}
}

// sourceReader tells errors of reading apart from faults of the archive, and
// ends with its context.
type sourceReader struct {
	ctx  context.Context
	r    io.Reader
	read int64
	err  error
}

// Read implements io.Reader.
func (s *sourceReader) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.r.Read(p)
	s.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// verifier is one check.
type verifier struct {
	options   VerifyOptions
	source    *sourceReader
	report    Report
	top       string
	seen      *spool // a line per entry, as it was found
	manifest  *spool // MANIFEST.jsonl
	complete  bool   // the manifest has been read
	signature []byte
	dumps     map[string]*dumpCheck // by folder
	told      time.Time
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
	gz, err := gzip.NewReader(v.source)
	if err != nil {
		return fault("This is not a breakglass archive: it is not a gzip file, or its first bytes are damaged.")
	}
	t := tar.NewReader(gz)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged(err)
		}
		if err := v.entry(h, t); err != nil {
			return err
		}
	}
	// What follows the end of the tar must be nothing but its padding.
	if _, err := io.Copy(io.Discard, gz); err != nil {
		return damaged(err)
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
	return v.compare()
}

// damaged says that the archive cannot be read on, unless it is the reader that
// failed.
func damaged(err error) error {
	var refusal *core.Refusal
	if errors.As(err, &refusal) {
		return err
	}
	return &core.Refusal{
		Kind: core.ErrInvalid, Cause: err,
		Detail: "The archive is damaged or was cut short: it cannot be read to its end. Fetch it again and compare its SHA-256.",
	}
}

// entry takes one entry of the tar.
func (v *verifier) entry(h *tar.Header, content io.Reader) error {
	name, err := v.nameOf(h)
	if err != nil {
		return err
	}
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
	if h.Typeflag != tar.TypeReg {
		return fault("The archive's manifest is not a file.")
	}
	v.complete = true
	if _, err := io.Copy(v.manifest, content); err != nil {
		return damaged(err)
	}
	return nil
}

// maxSignature bounds a signature, in bytes.
const maxSignature = 64 << 10

func (v *verifier) keepSignature(h *tar.Header, content io.Reader) error {
	if h.Typeflag != tar.TypeReg || h.Size > maxSignature || !v.complete {
		return fault("The archive's signature is not in its place, or it is no signature.")
	}
	var out bytes.Buffer
	if _, err := io.Copy(&out, content); err != nil {
		return damaged(err)
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
	v.options.Progress(VerifyProgress{Read: v.source.read, Files: v.report.Files, Current: shown(name)})
}
