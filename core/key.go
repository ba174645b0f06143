package core

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"breakglass/core/safetext"
)

// keyTypes are the public keys that may be enrolled. DSA and certificates are
// not among them; RSA wants 2048 bits (NIST SP 800-131A).
var keyTypes = []string{
	"ssh-ed25519", "sk-ssh-ed25519@openssh.com",
	"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ecdsa-sha2-nistp256@openssh.com",
	"ssh-rsa",
}

const (
	maxKeyLine = 16 << 10
	minRSABits = 2048
)

// parseKey reads a line of an authorized_keys file or a .pub file: type, key,
// comment. Options before the type are refused: nothing here obeys them.
func parseKey(text string) (Key, error) {
	if len(text) > maxKeyLine {
		return Key{}, Refuse(ErrInvalid, "That is too long for a public key; give the one line of the .pub file.")
	}
	fields := strings.Fields(strings.TrimSpace(text))
	if strings.Contains(text, "PRIVATE KEY") {
		return Key{}, Refuse(ErrInvalid, "That is a PRIVATE key, which must never leave your machine; give the .pub file beside it.")
	}
	if len(fields) < 2 || !slices.Contains(keyTypes, fields[0]) {
		return Key{}, Refuse(ErrInvalid, "That is not a public key; give a line such as “ssh-ed25519 AAAA… name”.")
	}
	if strings.ContainsAny(strings.TrimSpace(text), "\n\r") {
		return Key{}, Refuse(ErrInvalid, "Give one public key at a time; this is more than one line.")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(fields[1])
	if err != nil {
		return Key{}, Refuse(ErrInvalid, "The public key is damaged: its second word is not base64; copy it again.")
	}
	parts, ok := wireStrings(blob)
	if !ok || string(parts[0]) != fields[0] {
		return Key{}, Refuse(ErrInvalid, "The public key is damaged: it does not say what it claims to be; copy it again.")
	}
	if !wellFormed(fields[0], parts) {
		return Key{}, Refuse(ErrInvalid, "The public key is damaged: it has not the parts of its type; copy it again.")
	}
	if fields[0] == "ssh-rsa" && rsaBits(parts[2]) < minRSABits {
		return Key{}, Refuse(ErrInvalid, "This RSA key is too short; make one with “ssh-keygen -t ed25519”.")
	}
	sum := sha256.Sum256(blob)
	return Key{
		Name:        safetext.Line(strings.Join(fields[2:], " ")),
		Fingerprint: "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]),
		Authorized:  fields[0] + " " + fields[1],
	}, nil
}

// wireStrings splits a blob of SSH strings (RFC 4251, section 5). An sk key's
// or RSA's parts are strings too.
func wireStrings(blob []byte) ([][]byte, bool) {
	var parts [][]byte
	for len(blob) > 0 {
		if len(blob) < 4 {
			return nil, false
		}
		size := uint64(binary.BigEndian.Uint32(blob))
		if size > uint64(len(blob)-4) {
			return nil, false
		}
		parts = append(parts, blob[4:4+size])
		blob = blob[4+size:]
	}
	return parts, len(parts) >= 2
}

// wellFormed reports whether a key has the parts of its type (RFC 8709, RFC
// 5656, RFC 4253 and OpenSSH's PROTOCOL.u2f), the first of which is its name.
func wellFormed(name string, parts [][]byte) bool {
	curve, isECDSA := strings.CutPrefix(strings.TrimSuffix(strings.TrimPrefix(name, "sk-"), "@openssh.com"), "ecdsa-sha2-")
	want := map[bool]int{false: 2, true: 3}[isECDSA || name == "ssh-rsa"]
	if strings.HasPrefix(name, "sk-") {
		want++ // the application
	}
	switch {
	case len(parts) != want:
		return false
	case isECDSA:
		point := map[string]int{"nistp256": 65, "nistp384": 97, "nistp521": 133}[curve]
		return string(parts[1]) == curve && len(parts[2]) == point && parts[2][0] == 4
	case name == "ssh-rsa":
		return len(parts[1]) > 0 && len(parts[2]) > 0
	default:
		return len(parts[1]) == 32
	}
}

func rsaBits(modulus []byte) int {
	for len(modulus) > 0 && modulus[0] == 0 {
		modulus = modulus[1:]
	}
	return len(modulus) * 8
}

func hasKey(keys []Key, key Key) bool {
	return slices.ContainsFunc(keys, func(k Key) bool { return k.Authorized == key.Authorized })
}
