package coretest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"breakglass/core"
)

// TestVault is the contract of core.Vault. open returns an empty vault and
// cleans it up by itself.
func TestVault(t *testing.T, open func(t *testing.T) core.Vault) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, v core.Vault)
	}{
		{"a sealed archive can be read", sealedCanBeRead},
		{"an unsealed archive is not seen", unsealedIsNotSeen},
		{"an aborted archive leaves nothing", abortedLeavesNothing},
		{"a name is taken once", nameIsTakenOnce},
		{"one of many writers gets the name", oneWriterGetsTheName},
		{"a writer ends once", writerEndsOnce},
		{"names are plain", namesArePlain},
		{"removing is final", removingIsFinal},
		{"an open archive outlives its removal", openOutlivesRemoval},
		{"many read at once", manyReadAtOnce},
		{"a sweep takes the half-written alone", sweepTakesPartials},
		{"free space is told", freeIsTold},
		{"a cancelled context does nothing", vaultHonoursContext},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func create(t *testing.T, v core.Vault, name string) core.VaultWriter {
	t.Helper()
	w, err := v.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// seal stores data in three writes.
func seal(t *testing.T, v core.Vault, name string, data []byte) {
	t.Helper()
	w := create(t, v, name)
	for chunk := range slices.Chunk(data, len(data)/3+1) {
		if n, err := w.Write(chunk); n != len(chunk) || err != nil {
			t.Fatalf("wrote %d of %d: %v", n, len(chunk), err)
		}
	}
	want(t, w.Seal(), nil)
}

func read(t *testing.T, v core.Vault, name string) []byte {
	t.Helper()
	r, err := v.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	want(t, errors.Join(err, r.Close()), nil)
	return data
}

func names(t *testing.T, v core.Vault) []string {
	t.Helper()
	list, err := v.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func sealedCanBeRead(t *testing.T, v core.Vault) {
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	seal(t, v, "acme-20261123T230142Z.tar.gz", data)
	seal(t, v, "empty", nil)
	if got := read(t, v, "acme-20261123T230142Z.tar.gz"); !bytes.Equal(got, data) {
		t.Errorf("%d bytes came back of %d", len(got), len(data))
	}
	if got := read(t, v, "empty"); len(got) != 0 {
		t.Errorf("%d bytes came back of none", len(got))
	}
	if got := names(t, v); !slices.Equal(got, []string{"acme-20261123T230142Z.tar.gz", "empty"}) {
		t.Errorf("list: %q", got)
	}
	r, err := v.Open(t.Context(), "acme-20261123T230142Z.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { want(t, r.Close(), nil) }()
	p := make([]byte, 4)
	if n, err := r.ReadAt(p, 999_995); n != 4 || err != nil || string(p) != "5678" {
		t.Errorf("read %q, %v", p[:n], err)
	}
	if n, err := r.ReadAt(p, r.Size()-2); n != 2 || !errors.Is(err, io.EOF) || string(p[:n]) != "89" {
		t.Errorf("read %q at the end, %v", p[:n], err)
	}
}

func unsealedIsNotSeen(t *testing.T, v core.Vault) {
	w := create(t, v, "a")
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	_, err := v.Open(t.Context(), "a")
	want(t, err, core.ErrNotFound)
	if got := names(t, v); len(got) != 0 {
		t.Errorf("list: %q", got)
	}
	want(t, w.Seal(), nil)
	if got := read(t, v, "a"); string(got) != "half" {
		t.Errorf("read %q", got)
	}
}

func abortedLeavesNothing(t *testing.T, v core.Vault) {
	w := create(t, v, "a")
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	want(t, w.Abort(), nil)
	want(t, w.Abort(), nil)
	_, err := v.Open(t.Context(), "a")
	want(t, err, core.ErrNotFound)
	seal(t, v, "a", []byte("again")) // its name is free
}

func nameIsTakenOnce(t *testing.T, v core.Vault) {
	w := create(t, v, "a")
	_, err := v.Create(t.Context(), "a")
	want(t, err, core.ErrExists)
	want(t, w.Seal(), nil)
	_, err = v.Create(t.Context(), "a")
	want(t, err, core.ErrExists)
}

func oneWriterGetsTheName(t *testing.T, v core.Vault) {
	var all sync.WaitGroup
	var mu sync.Mutex
	sealed := 0
	for range 16 {
		all.Go(func() {
			w, err := v.Create(t.Context(), "a")
			if errors.Is(err, core.ErrExists) {
				return
			}
			if err == nil {
				err = w.Seal()
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			sealed++
		})
	}
	all.Wait()
	if sealed != 1 {
		t.Errorf("%d writers sealed one name", sealed)
	}
}

func writerEndsOnce(t *testing.T, v core.Vault) {
	w := create(t, v, "a")
	if _, err := w.Write([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	want(t, w.Seal(), nil)
	want(t, w.Abort(), nil)
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("wrote to a sealed archive")
	}
	if w.Seal() == nil {
		t.Error("sealed twice")
	}
	if got := read(t, v, "a"); string(got) != "whole" {
		t.Errorf("read %q", got)
	}
	aborted := create(t, v, "b")
	want(t, aborted.Abort(), nil)
	if aborted.Seal() == nil {
		t.Error("sealed what was aborted")
	}
}

func namesArePlain(t *testing.T, v core.Vault) {
	for _, name := range []string{
		"", ".", "..", ".hidden", ".partial-a", "a/b", "../a", "/a", `a\b`, "a b", "a\x00", "a\nb", "ä", "a\u202e", strings.Repeat("a", 300),
	} {
		_, err := v.Create(t.Context(), name)
		want(t, err, core.ErrInvalid)
		_, err = v.Open(t.Context(), name)
		want(t, err, core.ErrInvalid)
		want(t, v.Remove(t.Context(), name), core.ErrInvalid)
	}
}

func removingIsFinal(t *testing.T, v core.Vault) {
	seal(t, v, "a", []byte("x"))
	want(t, v.Remove(t.Context(), "a"), nil)
	want(t, v.Remove(t.Context(), "a"), nil) // is no error
	_, err := v.Open(t.Context(), "a")
	want(t, err, core.ErrNotFound)
	if got := names(t, v); len(got) != 0 {
		t.Errorf("list: %q", got)
	}
}

func openOutlivesRemoval(t *testing.T, v core.Vault) {
	seal(t, v, "a", []byte("still here"))
	r, err := v.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	want(t, v.Remove(t.Context(), "a"), nil)
	p := make([]byte, 10)
	if n, err := r.ReadAt(p, 0); n != 10 || (err != nil && !errors.Is(err, io.EOF)) || string(p) != "still here" {
		t.Errorf("read %q, %v", p[:n], err)
	}
	want(t, r.Close(), nil)
}

func manyReadAtOnce(t *testing.T, v core.Vault) {
	data := make([]byte, 1<<16)
	for i := range data {
		data[i] = byte(i / 256)
	}
	seal(t, v, "a", data)
	r, err := v.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { want(t, r.Close(), nil) }()
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			p := make([]byte, 256)
			if _, err := r.ReadAt(p, int64(i)*512); err != nil || p[0] != byte(2*i) || p[255] != byte(2*i) {
				t.Errorf("block %d: %d, %v", 2*i, p[0], err)
			}
		})
	}
	all.Wait()
}

func sweepTakesPartials(t *testing.T, v core.Vault) {
	seal(t, v, "whole", []byte("x"))
	half := create(t, v, "half")
	if _, err := half.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	want(t, v.Sweep(t.Context()), nil)
	if got := names(t, v); !slices.Equal(got, []string{"whole"}) {
		t.Errorf("list: %q", got)
	}
	if half.Seal() == nil {
		t.Error("sealed what was swept")
	}
	seal(t, v, "half", []byte("anew")) // its name is free
}

func freeIsTold(t *testing.T, v core.Vault) {
	if n, err := v.Free(t.Context()); n <= 0 || err != nil {
		t.Errorf("%d bytes free, %v", n, err)
	}
}

func vaultHonoursContext(t *testing.T, v core.Vault) {
	seal(t, v, "a", []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Create(ctx, "b")
	want(t, err, context.Canceled)
	_, err = v.Open(ctx, "a")
	want(t, err, context.Canceled)
	_, err = v.List(ctx)
	want(t, err, context.Canceled)
	want(t, v.Remove(ctx, "a"), context.Canceled)
	want(t, v.Sweep(ctx), context.Canceled)
	if got := names(t, v); !slices.Equal(got, []string{"a"}) {
		t.Errorf("list: %q", got)
	}
}
