package notify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"breakglass/core"
)

// File is a channel that writes each message to a file instead of sending it:
// an .eml for email, a .txt for SMS. It is for a demo or a console that only
// this machine can reach, because whoever reads the files has the codes. It is
// safe for concurrent use.
type File struct {
	// Dir holds the files. It is made with mode 0700, and set to it.
	Dir string
	// From is the sender of mails, a bare address; "" is one that nobody has.
	From string
	// Sent, where it is set, is called for each file once it is whole, with what
	// a person would read. It may be called from several goroutines at once.
	Sent func(path, text string)
}

// idForm is what an ID must be to begin a file's name.
var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// Send implements [Channel]. A message that is sent again replaces its file.
func (f *File) Send(_ context.Context, e Envelope) Answer {
	path, err := f.write(e)
	if err != nil {
		return Answer{Detail: "the message could not be written to a file", Err: err}
	}
	if f.Sent != nil {
		f.Sent(path, readable(e))
	}
	return Answer{Verdict: Accepted, Detail: "written to a file on the server"}
}

func (f *File) write(e Envelope) (path string, err error) {
	if !idForm.MatchString(e.ID) {
		return "", errors.New("write message: its ID cannot name a file")
	}
	content, extension := []byte(readable(e)), ".txt"
	if e.Kind == core.ContactEmail {
		extension = ".eml"
		if content, err = f.mail(e); err != nil {
			return "", fmt.Errorf("write message: %w", err)
		}
	}
	if err := f.makeDir(); err != nil {
		return "", fmt.Errorf("write message: %w", err)
	}
	path = filepath.Join(f.Dir, e.ID+extension)
	if err := writeWhole(f.Dir, path, content); err != nil {
		return "", fmt.Errorf("write message: %w", err)
	}
	return path, nil
}

func (f *File) makeDir() error {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(f.Dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "open", Path: f.Dir, Err: errors.New("is not a directory")}
	}
	if info.Mode().Perm() != 0o700 {
		return os.Chmod(f.Dir, 0o700) //nolint:gosec // a directory needs its x bit
	}
	return nil
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(dir, path string, content []byte) (err error) {
	temp, err := os.CreateTemp(dir, ".message-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// readable is a message as a person reads it.
func readable(e Envelope) string {
	text := "To: " + e.To + "\n"
	if e.Text.Subject != "" {
		text += "Subject: " + e.Text.Subject + "\n"
	}
	return text + "\n" + strings.TrimRight(e.Text.Body.Reveal(), "\n") + "\n"
}

var errHeader = errors.New("an address or ID would break the mail's header")

// mail builds a message by RFC 5322.
func (f *File) mail(e Envelope) ([]byte, error) {
	from, err := CheckAddress(core.ContactEmail, cmp.Or(f.From, "breakglass@console.invalid"))
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	_, domain, _ := strings.Cut(from, "@")
	if to, err := CheckAddress(core.ContactEmail, e.To); err != nil || to != e.To {
		return nil, errHeader
	}
	var out bytes.Buffer
	for _, h := range [][2]string{
		{"From", from},
		{"To", e.To},
		{"Subject", mime.QEncoding.Encode("utf-8", e.Text.Subject)},
		{"Date", e.At.UTC().Format(time.RFC1123Z)},
		{"Message-ID", "<" + e.ID + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		if strings.ContainsAny(h[1], "\r\n\x00") {
			return nil, errHeader
		}
		out.WriteString(h[0] + ": " + strings.ReplaceAll(h[1], "?= =?", "?=\r\n =?") + "\r\n")
	}
	out.WriteString("\r\n")
	body := quotedprintable.NewWriter(&out)
	_, err = body.Write([]byte(strings.ReplaceAll(e.Text.Body.Reveal(), "\n", "\r\n")))
	return out.Bytes(), errors.Join(err, body.Close())
}
