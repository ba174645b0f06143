package core

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// mac returns HMAC-SHA256 under the pepper of a purpose and its parts, each
// preceded by its length, so that no two inputs collide.
func (c *Console) mac(purpose string, parts ...string) []byte {
	mac := hmac.New(sha256.New, []byte(c.options.Pepper.Reveal()))
	for _, part := range append([]string{purpose}, parts...) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		mac.Write(size[:])
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

func (c *Console) codeMAC(request string, salt []byte, code string) []byte {
	return c.mac("code", request, string(salt), code)
}

func (c *Console) passphraseMAC(site, passphrase string) []byte {
	return c.mac("passphrase", site, passphrase)
}

func (c *Console) paperMAC(site string, salt []byte, code string) []byte {
	return c.mac("paper", site, string(salt), code)
}

func (c *Console) tokenMAC(site, token string) []byte {
	return c.mac("token", site, token)
}

// matchesAny compares in constant time with each of the stored MACs.
func matchesAny(stored [][]byte, given []byte) bool {
	found := false
	for _, one := range stored {
		if hmac.Equal(one, given) {
			found = true
		}
	}
	return found
}

// seal encrypts a code for the outbox, bound to its message.
func (c *Console) seal(message string, nonce []byte, code string) ([]byte, error) {
	box, err := c.outboxBox()
	if err != nil {
		return nil, err
	}
	// nonce comes from the turn's random bytes and is used for this message only.
	return box.Seal(slices.Clone(nonce), nonce, []byte(code), []byte(message)), nil
}

// unseal decrypts what seal made.
func (c *Console) unseal(message string, sealed []byte) (Secret, error) {
	box, err := c.outboxBox()
	if err != nil {
		return Secret{}, err
	}
	if len(sealed) < box.NonceSize() {
		return Secret{}, fmt.Errorf("unseal code of %s: too short", message)
	}
	nonce, text := sealed[:box.NonceSize()], sealed[box.NonceSize():]
	code, err := box.Open(nil, nonce, text, []byte(message))
	if err != nil {
		return Secret{}, fmt.Errorf("unseal code of %s: %w", message, err)
	}
	return NewSecret(string(code)), nil
}

func (c *Console) outboxBox() (cipher.AEAD, error) { return c.box("outbox") }

// box returns a cipher with a key of its own for a purpose.
func (c *Console) box(purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(c.options.Pepper.Reveal()), nil, "breakglass "+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("derive %s key: %w", purpose, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%s cipher: %w", purpose, err)
	}
	return cipher.NewGCM(block)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
