package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"breakglass/core"
	"breakglass/core/backup"
)

// member is one entry of an archive taken apart.
type member struct {
	h    tar.Header
	data []byte
}

func takeApart(t *testing.T, archive []byte) (members []member) {
	t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(gz)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return members
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, member{*h, data})
	}
}

func putTogether(t *testing.T, members []member) []byte {
	t.Helper()
	var out bytes.Buffer
	gz := gzip.NewWriter(&out)
	w := tar.NewWriter(gz)
	for _, m := range members {
		m.h.Size = int64(len(m.data))
		m.h.PAXRecords = nil
		m.h.Format = tar.FormatPAX
		if err := w.WriteHeader(&m.h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// small makes a signed archive with files, a link and a dump.
func small(t *testing.T, name string) *archived {
	t.Helper()
	w := newWorld(t)
	dbSite(t, w, name)
	if err := server.SQL(name, "CREATE TABLE a (x int); INSERT INTO a VALUES (1), (2), (3); CREATE TABLE b (x int)"); err != nil {
		t.Fatal(err)
	}
	w.write("one.txt", "one")
	w.write("two.txt", "two")
	if err := os.Symlink("one.txt", filepath.Join(w.root, "link")); err != nil {
		t.Fatal(err)
	}
	return w.run()
}

func index(t *testing.T, members []member, suffix string) int {
	t.Helper()
	for i, m := range members {
		if strings.HasSuffix(m.h.Name, suffix) {
			return i
		}
	}
	t.Fatalf("no %s in the archive", suffix)
	return -1
}

func verify(t *testing.T, archive []byte, o backup.VerifyOptions) (backup.Report, error) {
	t.Helper()
	o.Scratch = t.TempDir()
	report, err := backup.Verify(t.Context(), bytes.NewReader(archive), o)
	if entries, readErr := os.ReadDir(o.Scratch); readErr != nil || len(entries) > 0 {
		t.Errorf("left in scratch: %v %v", entries, readErr)
	}
	return report, err
}

// Every way to change an archive is found, and the sentence names the part.
func TestVerifyFindsEveryChange(t *testing.T) {
	a := small(t, "v_change")
	whole := takeApart(t, a.bytes)
	if _, err := verify(t, putTogether(t, whole), backup.VerifyOptions{Signer: a.key.PublicKey()}); err != nil {
		t.Fatalf("taken apart and put together: %v", err)
	}
	edit := func(suffix string, f func(m *member)) func([]member) []member {
		return func(ms []member) []member {
			f(&ms[index(t, ms, suffix)])
			return ms
		}
	}
	replace := func(old, new string) func(m *member) {
		return func(m *member) {
			if !bytes.Contains(m.data, []byte(old)) {
				t.Fatalf("no %q in %s", old, m.h.Name)
			}
			m.data = bytes.Replace(m.data, []byte(old), []byte(new), 1)
		}
	}
	drop := func(suffix string) func([]member) []member {
		return func(ms []member) []member {
			i := index(t, ms, suffix)
			return append(ms[:i], ms[i+1:]...)
		}
	}
	add := func(before string, m member) func([]member) []member {
		return func(ms []member) []member {
			i := index(t, ms, before)
			return append(ms[:i], append([]member{m}, ms[i:]...)...)
		}
	}
	file := func(name string) member {
		return member{tar.Header{Name: a.order().Name + "/" + name, Typeflag: tar.TypeReg, Mode: 0o644}, []byte("x")}
	}
	unsigned := func(then func([]member) []member) func([]member) []member {
		return func(ms []member) []member { return then(drop("MANIFEST.jsonl.sig")(ms)) }
	}
	for name, c := range map[string]struct {
		change   func([]member) []member
		sentence string
	}{
		"content":          {edit("one.txt", func(m *member) { m.data = []byte("0ne") }), "“files/one.txt” is not what"},
		"size":             {edit("one.txt", func(m *member) { m.data = []byte("one!") }), "“files/one.txt” is not what"},
		"mode":             {edit("one.txt", func(m *member) { m.h.Mode = 0o4777 }), "mode or time"},
		"link":             {edit("files/link", func(m *member) { m.h.Linkname = "/etc/passwd" }), "points elsewhere"},
		"missing":          {drop("files/one.txt"), "“files/one.txt” is missing"},
		"last missing":     {drop("README.txt"), "“README.txt” is missing"},
		"extra":            {add("files/two.txt", file("files/extra")), "“files/extra” is in the archive but not"},
		"extra at end":     {add("MANIFEST.jsonl", file("zzz")), "“zzz” is in the archive but not"},
		"behind":           {func(ms []member) []member { return append(ms, file("files/late")) }, "behind the archive's manifest"},
		"no manifest":      {func(ms []member) []member { return drop("MANIFEST.jsonl")(drop("MANIFEST.jsonl.sig")(ms)) }, "no manifest"},
		"changed manifest": {edit("MANIFEST.jsonl", replace(`"rows":3`, `"rows":4`)), "does not fit its manifest"},
		"no signature":     {drop("MANIFEST.jsonl.sig"), "not signed"},
		"broken signature": {edit("MANIFEST.jsonl.sig", func(m *member) { m.data = []byte("x") }), "cannot be read"},
		"climbs":           {add("files/two.txt", file("files/../../etc/x")), "would lead out"},
		"absolute":         {add("files/two.txt", member{tar.Header{Name: "/etc/x", Typeflag: tar.TypeReg}, nil}), "does not lie in"},
		"elsewhere":        {add("files/two.txt", member{tar.Header{Name: "other/x", Typeflag: tar.TypeReg}, nil}), "does not lie in"},
		"hard link":        {add("files/two.txt", member{tar.Header{Name: a.order().Name + "/files/h", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, nil}), "neither a file"},
		"device":           {add("files/two.txt", member{tar.Header{Name: a.order().Name + "/files/h", Typeflag: tar.TypeChar}, nil}), "neither a file"},
	} {
		t.Run(name, func(t *testing.T) {
			members := takeApart(t, a.bytes)
			report, err := verify(t, putTogether(t, c.change(members)), backup.VerifyOptions{Signer: a.key.PublicKey()})
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(fmt.Sprint(err), c.sentence) || len(report.Wrong) == 0 {
				t.Errorf("%v %v, want %q", err, report.Wrong, c.sentence)
			}
		})
	}
	// Without a signature the manifest can lie; it still cannot lie alone.
	for name, c := range map[string]struct {
		change   func([]member) []member
		sentence string
	}{
		"rows":         {edit("MANIFEST.jsonl", replace(`"rows":3`, `"rows":4`)), "3 rows in the dump instead of 4"},
		"table":        {edit("MANIFEST.jsonl", replace(`"name":"a","rows"`, `"name":"c","rows"`)), "“c” of the database"},
		"verdict":      {edit("MANIFEST.jsonl", replace(`"verdict":"`, `"verdict":"NEARLY `)), "not what breakglass writes"},
		"huge line":    {edit("MANIFEST.jsonl", func(m *member) { m.data = append(bytes.Repeat([]byte{' '}, 2<<20), m.data...) }), "a line of more than"},
		"cut":          {edit("MANIFEST.jsonl", func(m *member) { m.data = m.data[:len(m.data)-5] }), "middle of a line"},
		"no last line": {edit("MANIFEST.jsonl", func(m *member) { m.data = m.data[:bytes.LastIndex(m.data[:len(m.data)-1], []byte{'\n'})+1] }), "no last line"},
		"header twice": {edit("MANIFEST.jsonl", func(m *member) {
			m.data = append(m.data[:bytes.IndexByte(m.data, '\n')+1:bytes.IndexByte(m.data, '\n')+1], m.data...)
		}), "not what breakglass writes"},
		"empty":         {edit("MANIFEST.jsonl", func(m *member) { m.data = nil }), "no last line"},
		"dump cut":      {edit("0001.sql", replace("-- Dump completed", "-- Dump broke")), "0001.sql” is not what"},
		"foreign names": {edit("MANIFEST.jsonl", replace(`"name":"`+a.order().Name, `"name":"else`)), "is that of “else”"},
	} {
		t.Run("unsigned "+name, func(t *testing.T) {
			_, err := verify(t, putTogether(t, unsigned(c.change)(takeApart(t, a.bytes))), backup.VerifyOptions{})
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(fmt.Sprint(err), c.sentence) {
				t.Errorf("%v, want %q", err, c.sentence)
			}
		})
	}
}

func TestVerifyOrigin(t *testing.T) {
	a := small(t, "v_origin")
	report, err := verify(t, a.bytes, backup.VerifyOptions{})
	if err != nil || report.Proven || report.Signer != a.result.Signer {
		t.Errorf("no key demanded: %v %+v", err, report)
	}
	if _, err := verify(t, a.bytes, backup.VerifyOptions{Signer: newKey(t).PublicKey()}); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "not by SHA256:") {
		t.Errorf("another key: %v", err)
	}
	var out bytes.Buffer
	result, err := a.newEngine(nil).Run(t.Context(), a.order(), &out, nil)
	if err != nil || result.Signer != "" || result.Signature != nil {
		t.Fatalf("unsigned run: %v %+v", err, result)
	}
	if report, err := verify(t, out.Bytes(), backup.VerifyOptions{}); err != nil || report.Proven || report.Signer != "" {
		t.Errorf("unsigned: %v %+v", err, report)
	}
}

// ssh-keygen accepts both signatures: nobody needs breakglass to check one.
func TestStockToolsAcceptTheSignatures(t *testing.T) {
	a := small(t, "v_stock")
	allowed := filepath.Join(t.TempDir(), "allowed")
	key := a.key.PublicKey()
	line := fmt.Sprintf("console.example %s %s\n", key.Type(), base64.StdEncoding.EncodeToString(key.Marshal()))
	if err := os.WriteFile(allowed, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "whole.sig")
	if err := os.WriteFile(whole, a.result.Signature, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, signature := range map[string]string{filepath.Join(a.dir, "MANIFEST.jsonl"): filepath.Join(a.dir, "MANIFEST.jsonl.sig"), a.file: whole} {
		content, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer content.Close()
		cmd := exec.Command("ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "console.example", "-n", "breakglass-backup", "-s", signature)
		cmd.Stdin = content
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", file, err, out)
		}
	}
	out, err := exec.Command("sha256sum", a.file).Output()
	if err != nil || !strings.HasPrefix(string(out), a.result.SHA256) {
		t.Errorf("%v: %s, want %s", err, out, a.result.SHA256)
	}
}

// Cut anywhere, an archive is refused; a reader that fails is told apart.
func TestVerifyCutArchive(t *testing.T) {
	a := small(t, "v_cut")
	for _, n := range []int{0, 1, 10, 100, len(a.bytes) / 2, len(a.bytes) - 9, len(a.bytes) - 1} {
		if _, err := verify(t, a.bytes[:n], backup.VerifyOptions{}); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%d of %d bytes: %v", n, len(a.bytes), err)
		}
	}
	broken := errors.New("the disk broke")
	_, err := backup.Verify(t.Context(), io.MultiReader(bytes.NewReader(a.bytes[:100]), iotest.ErrReader(broken)), backup.VerifyOptions{Scratch: t.TempDir()})
	if !errors.Is(err, broken) || errors.Is(err, core.ErrInvalid) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// A bomb is refused long before it is unpacked.
func TestVerifyBomb(t *testing.T) {
	bomb := func(size int64) []byte {
		var out bytes.Buffer
		gz, err := gzip.NewWriterLevel(&out, 9)
		if err != nil {
			t.Fatal(err)
		}
		w := tar.NewWriter(gz)
		if err := w.WriteHeader(&tar.Header{Name: "a/b", Typeflag: tar.TypeReg, Size: size}); err != nil {
			t.Fatal(err)
		}
		if err := gz.Flush(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	// A petabyte that is not there is a cut archive, not a petabyte of zeros.
	if _, err := verify(t, bomb(1<<50), backup.VerifyOptions{}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte("x"), []byte("{}\n"), "a/b")
	f.Add([]byte("INSERT INTO `a` VALUES (1);"), []byte(`{"line":"header","format":1,"name":"a"}`+"\n"), "a/database/x/0001.sql")
	f.Add([]byte("\x00"), []byte(`{"line":"header","format":1,"name":"a"}`+"\n"+`{"line":"end","verdict":"COMPLETE"}`+"\n"), "a/files")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content, manifest []byte, name string) {
		var out bytes.Buffer
		gz := gzip.NewWriter(&out)
		w := tar.NewWriter(gz)
		for _, m := range []struct {
			name string
			data []byte
		}{{name, content}, {"a/MANIFEST.jsonl", manifest}} {
			if w.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.data)), Typeflag: tar.TypeReg}) != nil {
				return
			}
			if _, err := w.Write(m.data); err != nil {
				return
			}
		}
		if err := errors.Join(w.Close(), gz.Close()); err != nil {
			return
		}
		report, err := backup.Verify(t.Context(), bytes.NewReader(out.Bytes()), backup.VerifyOptions{Scratch: dir})
		if err != nil && !errors.Is(err, core.ErrInvalid) {
			t.Fatalf("neither right nor a clear refusal: %v", err)
		}
		if (err == nil) != (len(report.Wrong) == 0) {
			t.Fatalf("%v but %v", err, report.Wrong)
		}
		if err == nil && name != "" && !strings.HasPrefix(name, "a/") {
			t.Fatalf("%q was taken", name)
		}
	})
}

// Two hundred bytes that claim to be a file of 2^63 bytes, nearly all of it a
// hole, used to be read for ever.
func TestVerifySparseBomb(t *testing.T) {
	bomb, err := os.ReadFile("testdata/sparse.tgz")
	if err != nil {
		t.Fatal(err)
	}
	_, err = verify(t, bomb, backup.VerifyOptions{})
	if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "sparse") {
		t.Errorf("%v", err)
	}
}
