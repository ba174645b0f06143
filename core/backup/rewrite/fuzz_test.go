package rewrite_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"breakglass/core/backup/rewrite"
)

// Whatever a dump holds, it comes out, the same wherever the borders of what is
// in memory fall, and byte for byte where there is nothing to replace.
func FuzzDump(f *testing.F) {
	for _, c := range dumps {
		f.Add([]byte(c.old), int(c.dialect), 200)
	}
	w := newRewriter(f)
	other, err := rewrite.New(rewrite.Options{URLs: []rewrite.Pair{{Old: "https://not-there.invalid", New: newURL}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, dump []byte, dialect, room int) {
		d := rewrite.Dialect(uint(dialect) % 2)
		through := func(w *rewrite.Rewriter) []byte {
			var out bytes.Buffer
			report, err := w.Dump(t.Context(), &out, bytes.NewReader(dump), d)
			if err != nil || report.Written != int64(out.Len()) || report.Read != int64(len(dump)) {
				t.Fatalf("%v %+v", err, report)
			}
			return out.Bytes()
		}
		if !bytes.Contains(bytes.ToLower(dump), []byte("not-there")) && !bytes.Equal(through(other), dump) {
			t.Error("a dump without a match was changed")
		}
		whole := through(w)
		if parts := through(rewrite.WithRoom(w, 16+int(uint(room)%4096))); !bytes.Equal(parts, whole) {
			t.Errorf("borders matter:\n%q\n%q", parts, whole)
		}
	})
}

// What was JSON stays JSON of the same shape.
func FuzzJSON(f *testing.F) {
	for _, c := range values {
		f.Add([]byte(c.old))
	}
	w := newRewriter(f)
	f.Fuzz(func(t *testing.T, before []byte) {
		after, counts := w.Value("", before)
		if counts.Values == 0 && !bytes.Equal(before, after) {
			t.Fatal("changed and not counted")
		}
		var a, b any
		if json.Unmarshal(before, &a) != nil {
			return
		}
		if err := json.Unmarshal(after, &b); err != nil || !sameShape(a, b) {
			t.Fatalf("%v:\n%s\n%s", err, before, after)
		}
	})
}

// sameShape compares JSON but for its texts.
func sameShape(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && len(b) <= len(a) // two keys of JSON may become one
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameShape(a[i], b[i]) {
				return false
			}
		}
		return true
	case string:
		_, ok := b.(string)
		return ok
	}
	return a == b
}
