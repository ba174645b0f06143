package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
)

// unproved are what a manifest says that nothing else in an archive shows: only
// its signature protects these.
var unproved = map[string][]string{
	"header":   {"Site", "Host", "Grant", "Created", "Root", "Kind", "Version", "Included"},
	"file":     {"Note"},
	"dir":      {"Note"},
	"link":     {"Note"},
	"database": {"Server", "Tool", "Charset", "Prefix", "Cause"},
	"table":    {"Note"},
	"end":      {"Notes", "Charset", "Tools", "Ended"},
}

// mutate changes one field of a line to another value of its type.
func mutate(t *testing.T, field reflect.Value) {
	t.Helper()
	switch v := field.Addr().Interface().(type) {
	case *string:
		*v += "x"
	case *core.Verdict:
		*v = map[core.Verdict]core.Verdict{core.VerdictNotComplete: core.VerdictComplete}[*v] + "x"
	case *int:
		*v++
	case *int64:
		*v++
	case *time.Time:
		*v = v.Add(time.Second)
	case *[]string:
		*v = append(slices.Clone(*v), "x")
	case *[]backup.Omitted:
		*v = append(slices.Clone(*v), backup.Omitted{Line: "omitted", Path: "x"})
	case *map[string]string:
		*v = map[string]string{"x": "y"}
	default:
		t.Fatalf("a field of a kind that this test does not know: %T", v)
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A manifest that lies in any one field is caught: by what the archive holds
// where it can be, and always by the signature.
func TestVerifyCatchesALieInEachField(t *testing.T) {
	a := small(t, "v_lie")
	whole := takeApart(t, a.bytes)
	at := index(t, whole, "MANIFEST.jsonl")
	lines := bytes.SplitAfter(whole[at].data, []byte("\n"))
	types := map[string]reflect.Type{
		"header": reflect.TypeFor[backup.Header](), "file": reflect.TypeFor[backup.Entry](), "dir": reflect.TypeFor[backup.Entry](), "link": reflect.TypeFor[backup.Entry](),
		"database": reflect.TypeFor[backup.Database](), "table": reflect.TypeFor[backup.Table](), "omitted": reflect.TypeFor[backup.Omitted](), "end": reflect.TypeFor[backup.End](),
	}
	done := map[string]bool{}
	for i, line := range lines {
		var kind struct{ Line string }
		if len(line) == 0 || json.Unmarshal(line, &kind) != nil || done[kind.Line] {
			continue
		}
		done[kind.Line] = true
		for f := range types[kind.Line].NumField() {
			name := types[kind.Line].Field(f).Name
			value := reflect.New(types[kind.Line])
			if err := json.Unmarshal(line, value.Interface()); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(encode(t, value.Interface()), line) {
				t.Fatalf("not written as it is read: %s", line)
			}
			mutate(t, value.Elem().Field(f))
			lying := slices.Clone(lines)
			lying[i] = encode(t, value.Interface())
			t.Run(kind.Line+" "+name, func(t *testing.T) {
				changed := takeApart(t, a.bytes)
				changed[at].data = bytes.Join(lying, nil)
				if _, err := verify(t, putTogether(t, changed), backup.VerifyOptions{}); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "signature does not fit") {
					t.Errorf("signed: %v", err)
				}
				_, err := verify(t, putTogether(t, changed[:len(changed)-1]), backup.VerifyOptions{})
				if left := slices.Contains(unproved[kind.Line], name); left != (err == nil) || err != nil && !errors.Is(err, core.ErrInvalid) {
					t.Errorf("unsigned: %v", err)
				}
			})
		}
	}
	for kind := range types {
		if !done[kind] && kind != "omitted" {
			t.Errorf("no line of the kind %q was tried", kind)
		}
	}
}

// Whatever is put into the lines themselves, two readers find the same in them.
func TestVerifyRefusesLinesWithTwoMeanings(t *testing.T) {
	a := small(t, "v_twice")
	for name, change := range map[string][2]string{
		"key twice":     {`"size":3,`, `"size":4,"size":3,`},
		"other case":    {`"size":3,`, `"Size":4,"size":3,`},
		"unknown field": {`"size":3,`, `"size":3,"uid":0,`},
		"spaces":        {`"size":3,`, `"size": 3,`},
		"text behind":   {"\"size\":3,", "\"size\":3 ,"},
	} {
		t.Run(name, func(t *testing.T) {
			members := takeApart(t, a.bytes)
			m := &members[index(t, members, "MANIFEST.jsonl")]
			if !bytes.Contains(m.data, []byte(change[0])) {
				t.Fatalf("no %s in the manifest", change[0])
			}
			m.data = bytes.Replace(m.data, []byte(change[0]), []byte(change[1]), 1)
			if _, err := verify(t, putTogether(t, members[:len(members)-1]), backup.VerifyOptions{}); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "not what breakglass writes") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A bit that turned, anywhere in the stored bytes, is noticed: what is accepted
// holds the very same things.
func TestVerifyNoticesEveryTurnedBit(t *testing.T) {
	a := small(t, "v_bits")
	gz, err := gzip.NewReader(bytes.NewReader(a.bytes))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	want := takeApart(t, a.bytes)
	accepted := 0
	try := func(archive []byte, where string) {
		if _, err := verify(t, archive, backup.VerifyOptions{Signer: a.key.PublicKey()}); err != nil {
			if !errors.Is(err, core.ErrInvalid) {
				t.Fatalf("%s: neither right nor a clear refusal: %v", where, err)
			}
			return
		}
		accepted++
		if got := takeApart(t, archive); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: another archive was accepted", where)
		}
	}
	for i := 0; i < len(a.bytes); i += 1 + len(a.bytes)/500 {
		archive := bytes.Clone(a.bytes)
		archive[i] ^= 1 << (i % 8)
		try(archive, fmt.Sprintf("stored byte %d", i))
	}
	for i := 0; i < len(plain); i += 1 + len(plain)/500 {
		changed := bytes.Clone(plain)
		changed[i] ^= 1 << (i % 8)
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, err := w.Write(changed)
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		try(out.Bytes(), fmt.Sprintf("unpacked byte %d", i))
	}
	if accepted > 600 {
		t.Errorf("%d changed archives were accepted, more than there is padding", accepted)
	}
}

// Names that would make an unpacker write through a link, or twice, are refused
// before anything is unpacked.
func TestVerifyRefusesWhatComesOutOfOrder(t *testing.T) {
	a := small(t, "v_order")
	top := a.order().Name + "/"
	file := func(name string) member {
		return member{tar.Header{Name: top + name, Typeflag: tar.TypeReg, Mode: 0o644}, []byte("x")}
	}
	link := func(name string) member {
		return member{tar.Header{Name: top + name, Typeflag: tar.TypeSymlink, Linkname: "/etc"}, nil}
	}
	for name, c := range map[string]struct {
		behind   string
		add      []member
		sentence string
	}{
		"beneath a link":           {"files/link", []member{file("files/link/passwd")}, "lies beneath"},
		"deep beneath a link":      {"files/link", []member{file("files/link/a/b/passwd")}, "lies beneath"},
		"beneath a file":           {"files/one.txt", []member{file("files/one.txt/x")}, "lies beneath"},
		"a link in a file's place": {"files/two.txt", []member{link("files/one.txt")}, "twice in the archive"},
		"a directory's place":      {"files/two.txt", []member{file("files")}, "twice in the archive"},
		"a file in a link's place": {"files/two.txt", []member{file("files/link")}, "twice in the archive"},
		"out of order":             {"files/two.txt", []member{file("files/aaa")}, "twice in the archive"},
		"a link as a database":     {"files/two.txt", []member{link("database/other"), file("database/other/0001.sql")}, "a link where no"},
		"a file as a database":     {"files/two.txt", []member{file("database/other")}, "a file where no"},
		"a link beside":            {"files/two.txt", []member{link("README")}, "a link where no"},
	} {
		t.Run(name, func(t *testing.T) {
			members := takeApart(t, a.bytes)
			i := index(t, members, c.behind) + 1
			members = slices.Insert(members, i, c.add...)
			// The manifest agrees with it all, as that of an attacker would.
			members = members[:len(members)-1]
			m := &members[index(t, members, "MANIFEST.jsonl")]
			for _, added := range c.add {
				line := `{"line":"file","path":"` + strings.TrimPrefix(added.h.Name, top) + `","size":1,"mode":"0644","mtime":"1970-01-01T00:00:00Z","sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}` + "\n"
				if added.h.Typeflag == tar.TypeSymlink {
					line = `{"line":"link","path":"` + strings.TrimPrefix(added.h.Name, top) + `","size":0,"mode":"0000","mtime":"1970-01-01T00:00:00Z","target":"/etc"}` + "\n"
				}
				behind := bytes.Index(m.data, []byte(`"path":"`+c.behind+`"`))
				end := behind + bytes.IndexByte(m.data[behind:], '\n') + 1
				m.data = slices.Insert(m.data, end, []byte(line)...)
			}
			_, err := verify(t, putTogether(t, members), backup.VerifyOptions{})
			if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.sentence) {
				t.Errorf("%v, want %q", err, c.sentence)
			}
		})
	}
}
