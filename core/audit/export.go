package audit

import (
	"bytes"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// exported is a line of an export: the leaf's own bytes, its hash, which says
// what line was changed where one was, and the personal data beside it by
// subject.
type exported struct {
	Leaf     json.RawMessage     `json:"leaf"`
	Hash     tlog.Hash           `json:"hash"`
	Personal map[string]Personal `json:"personal,omitempty"`
}

// exportEnd is the last line of an export.
type exportEnd struct {
	Checkpoint string `json:"checkpoint"`
}

// ExportLine returns a line of an export, with its line feed.
func ExportLine(leaf []byte, personal map[string]Personal) ([]byte, error) {
	return encodeLine(exported{Leaf: leaf, Hash: tlog.RecordHash(leaf), Personal: personal})
}

// ExportEnd returns the last line of an export: the signed checkpoint of all
// lines before it.
func ExportEnd(signed string) ([]byte, error) { return encodeLine(exportEnd{signed}) }

// encodeLine is the one form of a value; a verifier takes no other.
func encodeLine(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("encode export: %w", err)
	}
	return out.Bytes(), nil
}

// Subjects lists under whom the personal data of a leaf may lie.
func Subjects(l Leaf) []string {
	return []string{l.Actor, "site:" + l.Site, "person:" + l.Data["person"], SubjectLogins}
}

// SubjectLogins is under whom the addresses of failed logins lie.
const SubjectLogins = "logins"
