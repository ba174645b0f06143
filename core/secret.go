package core

import (
	"crypto/subtle"
	"log/slog"
)

// redacted stands wherever a Secret would otherwise have been printed.
const redacted = "•••"

// Secret is text that must not reach a log, a screen or an error by accident:
// every formatting verb, slog and JSON print it as "•••". The zero value is the
// empty secret. A Secret is immutable and safe for concurrent use.
type Secret struct{ text string }

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{text: text} }

// Reveal returns the text itself. Each call is a place to look at in a review.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == "" }

// Equal compares two secrets in constant time for secrets of equal length.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.text), []byte(other.text)) == 1
}

// String implements fmt.Stringer and hides the text.
func (s Secret) String() string { return redacted }

// GoString implements fmt.GoStringer and hides the text.
func (s Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer and hides the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the text from encoding/json and its kin.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
