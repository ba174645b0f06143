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

// seal returns an archive's SHA-256 in hex and an armored signature of it, nil where
// there is no signer: of one hash both the .sha256 and the .sig beside it are made.
func seal(hashed [pairsum.Size]byte, signer ssh.Signer) (sum string, signature []byte, err error) {
	if signer != nil {
		signature, err = signHash(hashed[:], signer)
	}
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
