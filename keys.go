package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/store"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"
)

// keys are the secrets that lie beside the database and not in it: who has the
// database alone can neither guess a code nor sign a log.
type keys struct {
	host    ssh.Signer // of the SSH server
	archive ssh.Signer // signs archives
	pepper  core.Secret
	log     *audit.Signer
	logKey  string // the log's verifier key
	hostPEM []byte
}

// openKeys reads the keys of a data directory, or makes them the first time.
func openKeys(data, host string) (keys, error) {
	dir := filepath.Join(data, "keys")
	var k keys
	var err error
	if k.host, k.hostPEM, err = sshKey(dir, "host_key"); err != nil {
		return keys{}, err
	}
	if k.archive, _, err = sshKey(dir, "archive_key"); err != nil {
		return keys{}, err
	}
	pepper, err := store.LoadOrCreate(dir, "pepper", func() ([]byte, error) {
		random := make([]byte, 32)
		_, err := rand.Read(random)
		return random, err
	})
	if err != nil {
		return keys{}, fmt.Errorf("open pepper: %w", err)
	}
	k.pepper = core.NewSecret(string(pepper))
	if err := k.openLogKey(dir, host); err != nil {
		return keys{}, err
	}
	return k, nil
}

// sshKey reads or makes an Ed25519 key in OpenSSH's own format.
func sshKey(dir, name string) (ssh.Signer, []byte, error) {
	text, err := store.LoadOrCreate(dir, name, func() ([]byte, error) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		block, err := ssh.MarshalPrivateKey(private, "breakglass "+name)
		if err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(block), nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", name, err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", name, err)
	}
	return signer, text, nil
}

// openLogKey reads or makes the key that signs checkpoints; its file holds the
// signing key and, on a second line, the verifier key. The log's origin is
// fixed with it: a later change of the host's name makes no other log of it.
func (k *keys) openLogKey(dir, host string) error {
	text, err := store.LoadOrCreate(dir, "log_key", func() ([]byte, error) {
		signing, verifier, err := note.GenerateKey(rand.Reader, host+"/breakglass")
		return []byte(signing + "\n" + verifier + "\n"), err
	})
	if err != nil {
		return fmt.Errorf("open log_key: %w", err)
	}
	signing, verifier, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	signer, err := note.NewSigner(signing)
	if err != nil {
		return fmt.Errorf("open log_key: %w", err)
	}
	if _, err := note.NewVerifier(verifier); err != nil {
		return fmt.Errorf("open log_key: %w", err)
	}
	k.log, k.logKey = audit.NewSigner(signer.Name(), signer), verifier
	return nil
}
