package backup

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"breakglass/core/backup/pairsum"

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

// errUnsealed ends an archive that was never finished.
var errUnsealed = errors.New("the archive was not finished")

// seal hashes a stream while it passes, and signs the hash at the end: of one
// hash both the .sha256 and the .sig beside an archive are made. It is for one
// goroutine at a time.
type seal struct {
	sum    *pairsum.Sum
	signer ssh.Signer // nil: unsigned
}

func newSeal(signer ssh.Signer, sums *pairsum.Pool) *seal {
	return &seal{sum: sums.New(), signer: signer}
}

func (s *seal) add(p []byte) { s.sum.Leave(p) }

// Finish returns the hash in hex and the armored signature, nil where there is
// no signer.
func (s *seal) Finish() (sum string, signature []byte, err error) {
	hashed := s.sum.Sum()
	if s.signer == nil {
		return hex.EncodeToString(hashed[:]), nil, nil
	}
	signature, err = signHash(hashed[:], s.signer)
	return hex.EncodeToString(hashed[:]), signature, err
}

// signHash returns the armored SSHSIG of what has this SHA-256. The library signs
// only what it has hashed itself, which would be a second reading of it all.
func signHash(hashed []byte, signer ssh.Signer) ([]byte, error) {
	message := append([]byte("SSHSIG"), ssh.Marshal(struct{ Namespace, Reserved, Algorithm, Hash string }{
		Namespace, "", sshsig.HashSHA256.String(), string(hashed),
	})...)
	sign := func() (*ssh.Signature, error) { return signer.Sign(rand.Reader, message) }
	if rsa, ok := signer.(ssh.AlgorithmSigner); ok && signer.PublicKey().Type() == ssh.KeyAlgoRSA {
		sign = func() (*ssh.Signature, error) { // with SHA-1 otherwise, which no verifier takes
			return rsa.SignWithAlgorithm(rand.Reader, message, ssh.KeyAlgoRSASHA512)
		}
	}
	signature, err := sign()
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return sshsig.Armor(&sshsig.Signature{
		Version: 1, PublicKey: signer.PublicKey(), Namespace: Namespace, HashAlgorithm: sshsig.HashSHA256, Signature: signature,
	}), nil
}
