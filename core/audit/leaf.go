package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"time"
	"unicode/utf8"
)

// Leaf is one line of the log. Its fields are declared in the order of their
// JSON names, so that its encoding is canonical in the sense of RFC 8785 for
// text that safetext let through.
type Leaf struct {
	Actor    string            `json:"actor,omitempty"`
	Data     map[string]string `json:"data,omitempty"` // nothing personal
	From     string            `json:"from,omitempty"`
	Grant    string            `json:"grant,omitempty"`
	Personal map[string]string `json:"personal,omitempty"` // commitments, hex
	Request  string            `json:"request,omitempty"`
	Result   string            `json:"result,omitempty"`
	Seq      int64             `json:"seq"`
	Site     string            `json:"site,omitempty"`
	Time     time.Time         `json:"time"` // UTC
	To       string            `json:"to,omitempty"`
	Verb     string            `json:"verb"`
}

// Encode returns the canonical bytes of the leaf, which the tree is built over.
func (l Leaf) Encode() ([]byte, error) {
	l.Time = l.Time.UTC()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(l); err != nil {
		return nil, fmt.Errorf("encode leaf: %w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// DecodeLeaf reads what Encode wrote.
func DecodeLeaf(data []byte) (Leaf, error) {
	var leaf Leaf
	if err := json.Unmarshal(data, &leaf); err != nil {
		return Leaf{}, fmt.Errorf("decode leaf: %w", err)
	}
	return leaf, nil
}

// Keys returns what the leaf is found by: its site, request and grant, and the
// person that it is about.
func (l Leaf) Keys() []string {
	var keys []string
	for _, key := range []struct{ kind, id string }{
		{KeySite, l.Site}, {KeyRequest, l.Request}, {KeyGrant, l.Grant}, {KeyPerson, l.Data["person"]},
	} {
		if key.id != "" {
			keys = append(keys, key.kind+key.id)
		}
	}
	return keys
}

// The kinds of keys that leaves are found by; an ID follows.
const (
	KeySite    = "site/"
	KeyRequest = "request/"
	KeyGrant   = "grant/"
	KeyPerson  = "person/"
)

// Personal is the data of one subject that a leaf commits to. It lies beside
// the tree and may be erased.
type Personal struct {
	Salt   []byte            `json:"salt"` // 16 random bytes
	Fields map[string]string `json:"fields"`
}

// Commitments returns what the leaf holds instead of the fields: hex
// HMAC-SHA256(salt, name ‖ 0 ‖ value). Without the salt a value cannot be
// guessed from it; with it, it can be proved.
func (p Personal) Commitments() map[string]string {
	out := make(map[string]string, len(p.Fields))
	mac := hmac.New(sha256.New, p.Salt)
	for name, value := range p.Fields {
		// As JSON keeps them: a byte that is no UTF-8 comes back as U+FFFD.
		name = asUTF8(name)
		commitment := commit(mac, name, asUTF8(value))
		out[name] = string(commitment[:])
	}
	return out
}

// commit returns what stands in a leaf for one field.
func commit(mac hash.Hash, name, value string) (text [2 * sha256.Size]byte) {
	var sum [sha256.Size]byte
	mac.Reset()
	mac.Write([]byte(name))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	hex.Encode(text[:], mac.Sum(sum[:0]))
	return text
}

func asUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// Encode returns the personal data as JSON, for the place beside the tree.
func (p Personal) Encode() ([]byte, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode personal data: %w", err)
	}
	return data, nil
}

// DecodePersonal reads what Encode wrote.
func DecodePersonal(data []byte) (Personal, error) {
	var p Personal
	if err := json.Unmarshal(data, &p); err != nil {
		return Personal{}, fmt.Errorf("decode personal data: %w", err)
	}
	return p, nil
}
