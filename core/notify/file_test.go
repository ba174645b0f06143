package notify

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"breakglass/core"
)

func readDir(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFileWritesAMail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "mail")
	var shown []string
	f := &File{Dir: dir, From: "door@webworks.example", Sent: func(path, text string) { shown = append(shown, path, text) }}
	e := letter(core.ContactEmail)
	e.Text.Subject = "acme: “Zugang” ist offen bis 2026-11-27 14:02 CET – bitte diese Nachricht aufheben und niemandem zeigen"
	e.Text.Body = core.NewSecret("first line – with ünïcode\n\n" + strings.Repeat("long ", 300) + "\n.\nFrom here\nend\n")
	if a := f.Send(t.Context(), e); a.Verdict != Accepted {
		t.Fatalf("%+v", a)
	}
	path := filepath.Join(dir, "M-0000000007-000.eml")
	if got := readDir(t, dir); !slices.Equal(got, []string{filepath.Base(path)}) {
		t.Fatalf("got %v", got)
	}
	for name, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(raw, []byte("\r\n")) {
		if len(line) > 78+20 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("a bad line: %q", line)
		}
		for _, b := range line {
			if b >= 0x80 {
				t.Fatalf("not ASCII: %q", line)
			}
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != e.Text.Subject {
		t.Errorf("%q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"From": "door@webworks.example", "To": "jo@acme.example", "Message-Id": "<M-0000000007-000@webworks.example>",
		"Date": "Tue, 24 Nov 2026 14:00:00 +0000", "Content-Type": "text/plain; charset=utf-8", "Mime-Version": "1.0",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != e.Text.Body.Reveal() {
		t.Errorf("%v: %q", err, body)
	}
	if len(shown) != 2 || shown[0] != path || !strings.Contains(shown[1], "To: jo@acme.example\nSubject: "+e.Text.Subject+"\n\nfirst line") {
		t.Errorf("shown: %q", shown)
	}
}

func TestFileWritesAnSMS(t *testing.T) {
	dir := t.TempDir()
	f := &File{Dir: dir}
	for range 2 { // sent once more after a crash: the same file
		if a := f.Send(t.Context(), letter(core.ContactPhone)); a.Verdict != Accepted {
			t.Fatalf("%+v", a)
		}
	}
	if got := readDir(t, dir); !slices.Equal(got, []string{"M-0000000007-000.txt"}) {
		t.Fatalf("got %v", got)
	}
	got, err := os.ReadFile(filepath.Join(dir, "M-0000000007-000.txt"))
	if want := "To: +31612345678\n\nthe code is 7M2K-Q4XA — ünïcode & more=\n"; err != nil || string(got) != want {
		t.Errorf("%v: %q", err, got)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("a directory that was open to others stays so: %v, %v", info.Mode(), err)
	}
}

// Nothing can leave the directory or add a header, and what fails leaves nothing.
func TestFileRefuses(t *testing.T) {
	for name, change := range map[string]func(*File, *Envelope){
		"an ID that climbs":        func(_ *File, e *Envelope) { e.ID = "../../etc/cron.d/x" },
		"an ID with a line break":  func(_ *File, e *Envelope) { e.ID = "M-1\r\nX: y" },
		"an empty ID":              func(_ *File, e *Envelope) { e.ID = "" },
		"an address with a header": func(_ *File, e *Envelope) { e.To = "jo@acme.example\r\nBcc: eve@evil.example" },
		"two addresses":            func(_ *File, e *Envelope) { e.To = "jo@acme.example, eve@evil.example" },
		"a sender with a header":   func(f *File, _ *Envelope) { f.From = "door@webworks.example\r\nBcc: eve@evil.example" },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f, e := &File{Dir: dir, From: "door@webworks.example"}, letter(core.ContactEmail)
			change(f, &e)
			if a := f.Send(t.Context(), e); a.Verdict != Unreachable || a.Err == nil {
				t.Errorf("%+v", a)
			}
			if got := readDir(t, dir); len(got) != 0 {
				t.Errorf("it left %v", got)
			}
		})
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if a := (&File{Dir: blocked, From: "a@b.example"}).Send(t.Context(), letter(core.ContactEmail)); a.Verdict != Unreachable || a.Err == nil {
		t.Errorf("a file for a directory: %+v", a)
	}
}

// A subject cannot end its header, whatever made it.
func TestFileSubjectStaysOneHeader(t *testing.T) {
	dir := t.TempDir()
	e := letter(core.ContactEmail)
	e.Text.Subject = "x\r\nBcc: eve@evil.example\r\n\r\nbody"
	a := (&File{Dir: dir, From: "door@webworks.example"}).Send(t.Context(), e)
	if a.Verdict != Accepted {
		if len(readDir(t, dir)) != 0 {
			t.Error("refused, but written")
		}
		return
	}
	raw, err := os.ReadFile(filepath.Join(dir, e.ID+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || m.Header.Get("Bcc") != "" {
		t.Errorf("%v, %+v", err, m.Header)
	}
}

func TestFileWithoutASender(t *testing.T) {
	dir := t.TempDir()
	if a := (&File{Dir: dir}).Send(t.Context(), letter(core.ContactEmail)); a.Verdict != Accepted {
		t.Fatalf("%+v", a)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "M-0000000007-000.eml"))
	if err != nil || !strings.Contains(string(raw), "From: breakglass@console.invalid\r\n") {
		t.Errorf("%v: %s", err, raw)
	}
}
