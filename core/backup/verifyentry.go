package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"breakglass/core/backup/dumpscan"
	"breakglass/core/safetext"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

func shownLine(path string) string { return safetext.Line(shown(path)) }

// dumpCheck follows one dump through its parts.
type dumpCheck struct {
	v     *verifier
	scan  dumpscan.Reader
	parts int
	bytes int64
}

var partForm = regexp.MustCompile(`^(database/[^/]+)/([0-9]{4})\.sql$`)

// look hands an entry to the sink, hashes it and returns the line that its
// manifest should have.
func (v *verifier) look(name string, h *tar.Header, content io.Reader) (Entry, error) {
	var kind string
	switch h.Typeflag {
	case tar.TypeReg:
		kind = lineFile
	case tar.TypeDir:
		kind = lineDir
	case tar.TypeSymlink:
		kind = lineLink
	default:
		return Entry{}, fault("“%s” is neither a file, nor a directory, nor a symbolic link; no archive of breakglass holds such a thing.", shownLine(name))
	}
	if isSparse(h) {
		return Entry{}, fault("“%s” is a sparse entry, which may pretend to be of any size; no archive of breakglass holds such a thing.", shownLine(name))
	}
	if err := misplacedKind(name, kind); err != nil {
		return Entry{}, err
	}
	if err := v.order.take(name, kind); err != nil {
		return Entry{}, err
	}
	entry := entryLine(kind, name, h)
	switch kind {
	case lineDir:
		return entry, v.taken(v.sink.Dir(entry))
	case lineLink:
		return entry, v.taken(v.sink.Link(entry))
	}
	sum := sha256.New()
	into := []io.Writer{sum}
	if dump := v.dumpOf(name); dump != nil {
		into = append(into, dump)
	}
	if name == proofName {
		v.proof.there = true
		into = append(into, &v.proof)
	}
	n, err := v.pass(entry, content, into...)
	if err != nil {
		return Entry{}, err
	}
	v.report.Bytes += n
	v.report.Files++
	entry.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return entry, nil
}

// misplacedKind refuses links where only the site's own files may hold some, and
// anything but folders and their files among the databases.
func misplacedKind(name, kind string) error {
	first, rest, _ := strings.Cut(name, "/")
	switch {
	case first == filesDir, first == outsideDir:
		return nil
	case kind == lineLink:
		return fault("“%s” is a link where no archive of breakglass holds one; it was tampered with.", shownLine(name))
	case first == databaseDir && kind == lineFile && !strings.Contains(rest, "/"):
		return fault("“%s” is a file where no archive of breakglass holds one; it was tampered with.", shownLine(name))
	}
	return nil
}

// taken tells an error of the sink from one of the archive.
func (v *verifier) taken(err error) error {
	if err != nil {
		return fmt.Errorf("unpack %s: %w", shown(v.at), err)
	}
	return nil
}

// pass copies the content of a file to the sink and to others.
func (v *verifier) pass(entry Entry, content io.Reader, others ...io.Writer) (total int64, err error) {
	file, err := v.sink.File(entry)
	if err != nil {
		return 0, v.taken(err)
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = v.taken(closed)
		}
	}()
	for {
		if v.ctx.Err() != nil {
			return total, context.Cause(v.ctx)
		}
		n, err := content.Read(v.copying)
		total += int64(n)
		for _, w := range others {
			if _, err := w.Write(v.copying[:n]); err != nil {
				return total, err
			}
		}
		if n > 0 {
			if _, err := file.Write(v.copying[:n]); err != nil {
				return total, v.taken(err)
			}
			v.progress(v.at)
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, v.damaged(err)
		}
	}
}

// keep is pass for what has no line in the manifest.
func (v *verifier) keep(name string, h *tar.Header, content io.Reader, into io.Writer) error {
	_, err := v.pass(entryLine(lineFile, name, h), content, into)
	return err
}

// isSparse reports whether an entry has holes by GNU's records: they are read
// without a byte of the archive, so that a few bytes last for ever.
func isSparse(h *tar.Header) bool {
	for name := range h.PAXRecords {
		if strings.HasPrefix(name, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// maxDumps bounds the dumps of one archive.
const maxDumps = 16

// dumpOf returns where a part of a dump is read to, nil for other files. Parts
// must come in order.
func (v *verifier) dumpOf(name string) io.Writer {
	m := partForm.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	dump := v.dumps[m[1]]
	if dump == nil {
		if len(v.dumps) >= maxDumps {
			v.wrong("The archive holds more databases than any site.")
			return nil
		}
		dump = &dumpCheck{v: v, scan: dumpscan.NewAny()}
		v.dumps[m[1]] = dump
	}
	dump.parts++
	if number, err := strconv.Atoi(m[2]); err != nil || number != dump.parts {
		v.wrong(fmt.Sprintf("Part %d of the dump in %s is missing or out of order.", dump.parts, shownLine(m[1])))
	}
	return dump
}

// maxDumpTables bounds the tables of all dumps of an archive together.
const maxDumpTables = 200_000

// Write implements io.Writer.
func (d *dumpCheck) Write(p []byte) (int, error) {
	written := len(p)
	d.bytes += int64(written)
	for len(p) > 0 {
		n, _ := d.scan.Scan(p)
		p = p[n:]
	}
	if name := d.scan.Overlong(); name != "" {
		return 0, fault("The dump in the archive names a table with a name that is longer than any may be, “%s…”.", shownLine(name))
	}
	tables := 0
	for _, dump := range d.v.dumps {
		tables += len(dump.scan.Rows())
	}
	if tables > maxDumpTables {
		return 0, fault("The dumps in the archive have more than %d tables.", maxDumpTables)
	}
	return written, nil
}

// demanded is the fingerprint of the key that must have signed, "" for none.
func (o VerifyOptions) demanded() string {
	if o.Signer != nil {
		return ssh.FingerprintSHA256(o.Signer)
	}
	return o.Fingerprint
}

// NamesSigner reports whether the archive must be signed by somebody in particular.
func (o VerifyOptions) NamesSigner() bool { return o.demanded() != "" }

// checkSignature checks the manifest's signature.
func (v *verifier) checkSignature() error {
	demanded := v.options.demanded()
	if v.signature == nil {
		if demanded != "" {
			return fault("The archive is not signed, but a signature by %s was demanded; do not trust it.", demanded)
		}
		return nil
	}
	signature, err := sshsig.Unarmor(v.signature)
	if err != nil {
		return fault("The archive's signature cannot be read; do not trust the archive.")
	}
	content, err := v.manifest.Reader()
	if err != nil {
		return err
	}
	if err := sshsig.Verify(content, signature, signature.PublicKey, signature.HashAlgorithm, Namespace); err != nil {
		return fault("The archive's signature does not fit its manifest: one of them was changed. Do not trust the archive.")
	}
	v.report.Signer = ssh.FingerprintSHA256(signature.PublicKey)
	if demanded == "" {
		return nil
	}
	if v.report.Signer != demanded || v.options.Signer != nil && !bytes.Equal(signature.PublicKey.Marshal(), v.options.Signer.Marshal()) {
		return fault("The archive is signed by %s, not by %s as demanded; do not trust it.", v.report.Signer, demanded)
	}
	v.report.Proven = true
	return nil
}

// maxLine bounds a line of a manifest, in bytes.
const maxLine = 1 << 20

// lineReader reads lines of bounded length.
type lineReader struct{ r *bufio.Reader }

func newLineReader(r io.Reader) *lineReader { return &lineReader{bufio.NewReaderSize(r, 64<<10)} }

// next returns a line without its break, or io.EOF.
func (l *lineReader) next() ([]byte, error) {
	var line []byte
	for {
		piece, err := l.r.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case len(line) > maxLine:
			return nil, fault("The archive's manifest has a line of more than %d bytes; this archive was tampered with.", maxLine)
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, fault("The archive's manifest ends in the middle of a line.")
		default:
			return nil, err
		}
	}
}
