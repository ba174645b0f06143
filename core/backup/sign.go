package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// Namespace is the SSHSIG namespace of all signatures of archives.
const Namespace = "breakglass-backup"

// sign returns the armored SSHSIG of all that r holds.
func sign(r io.Reader, signer ssh.Signer) ([]byte, error) {
	signature, err := sshsig.Sign(r, signer, sshsig.HashSHA512, Namespace)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return sshsig.Armor(signature), nil
}

// errUnsealed ends a seal whose archive was never finished.
var errUnsealed = errors.New("the archive was not finished")

// seal hashes and signs a stream while it passes. It is for one goroutine.
type seal struct {
	sum    hash.Hash
	pipe   *io.PipeWriter // nil: unsigned
	signed chan signed
}

type signed struct {
	armored []byte
	err     error
}

// newSeal returns a seal that signs with signer, unless that is nil. Finish or
// Drop must follow.
func newSeal(signer ssh.Signer) *seal {
	s := &seal{sum: sha256.New()}
	if signer == nil {
		return s
	}
	r, w := io.Pipe()
	s.pipe, s.signed = w, make(chan signed, 1)
	go func() {
		armored, err := sign(r, signer)
		r.CloseWithError(err) //nolint:errcheck,gosec // it always returns nil
		s.signed <- signed{armored, err}
	}()
	return s
}

// Write implements io.Writer.
func (s *seal) Write(p []byte) (int, error) {
	s.sum.Write(p)
	if s.pipe == nil {
		return len(p), nil
	}
	return s.pipe.Write(p)
}

// Finish returns the hash in hex and the armored signature, nil where there is
// no signer.
func (s *seal) Finish() (sum string, signature []byte, err error) {
	sum = hex.EncodeToString(s.sum.Sum(nil))
	if s.pipe == nil {
		return sum, nil, nil
	}
	s.pipe.Close() //nolint:errcheck,gosec // it always returns nil
	result := <-s.signed
	return sum, result.armored, result.err
}

// Drop ends the seal of an archive that was not finished.
func (s *seal) Drop() {
	if s.pipe == nil {
		return
	}
	s.pipe.CloseWithError(errUnsealed) //nolint:errcheck,gosec // it always returns nil
	<-s.signed
}
