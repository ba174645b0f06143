package backup

import (
	"context"
	"io"
	"time"

	"breakglass/core"

	"golang.org/x/crypto/ssh"
	lognote "golang.org/x/mod/sumdb/note"
)

// VerifyOptions say what is asked of an archive.
type VerifyOptions struct {
	// Signer is the key that must have signed; nil: none is demanded.
	Signer ssh.PublicKey
	// Fingerprint does the same by a key's fingerprint, SHA256:…; "": none.
	Fingerprint string
	// LogKey is the log's key that must have signed the log's lines about the
	// grant; nil: none is demanded.
	LogKey lognote.Verifier
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
	Log                    LogProof     // what the log proves of the grant
	Verdict                core.Verdict // as the manifest says
	Notes                  []string
	Files, Tables, Rows    int64
	Bytes                  int64    // unpacked
	Wrong                  []string // what is wrong, one sentence each
}

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
	c, err := Read(ctx, r, o, nil)
	return c.Report, err
}
