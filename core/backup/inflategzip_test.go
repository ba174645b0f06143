package backup

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"breakglass/core"

	"github.com/klauspost/compress/gzip"
)

// gzipMember is a member of a gzip file with a header.
func gzipMember(t *testing.T, h gzip.Header, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Header = h
	_, err := w.Write([]byte(text))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What every reader of gzip passes over can carry nothing, in no member's header; all
// members are read, and a file packed once more may have its name.
func TestGzipHeadersAreEmpty(t *testing.T) {
	plain := gzipMember(t, gzip.Header{}, "first")
	for name, c := range map[string]struct {
		file []byte
		bad  bool
	}{
		"one":                 {plain, false},
		"its name":            {gzipMember(t, gzip.Header{Name: "acme.tar"}, "first"), false},
		"an empty one":        {slices.Concat(plain, gzipMember(t, gzip.Header{}, "")), false},
		"a comment":           {gzipMember(t, gzip.Header{Comment: "payload"}, "first"), true},
		"an extra":            {gzipMember(t, gzip.Header{Extra: []byte("payload")}, "first"), true},
		"a name behind":       {slices.Concat(plain, gzipMember(t, gzip.Header{Name: "payload"}, "")), true},
		"a comment behind":    {slices.Concat(plain, gzipMember(t, gzip.Header{Comment: "payload"}, "")), true},
		"an extra behind":     {slices.Concat(plain, gzipMember(t, gzip.Header{Extra: []byte("payload")}, "")), true},
		"an extra far behind": {slices.Concat(plain, gzipMember(t, gzip.Header{}, ""), gzipMember(t, gzip.Header{Extra: []byte("payload")}, "")), true},
	} {
		r, err := inflateGzip(bytes.NewReader(c.file))
		var text []byte
		if err == nil {
			text, err = io.ReadAll(r)
		}
		if c.bad != errors.Is(err, core.ErrInvalid) || !c.bad && (err != nil || string(text) != "first") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if r, err := inflateGzip(bytes.NewReader(slices.Concat(plain, gzipMember(t, gzip.Header{}, " second")))); err != nil {
		t.Error(err)
	} else if text, err := io.ReadAll(r); err != nil || string(text) != "first second" {
		t.Errorf("two members: %q %v", text, err)
	}
}
