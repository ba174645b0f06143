package sshserver

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// wire is an SFTP connection to a peer that says what it has to say.
type wire struct {
	io.Reader
	bytes.Buffer // what the peer gets
}

func (w *wire) Read(p []byte) (int, error)  { return w.Reader.Read(p) }
func (w *wire) Write(p []byte) (int, error) { return w.Buffer.Write(p) }
func (w *wire) Close() error                { return nil }

// message is one of SFTP.
func message(kind byte, rest string) string {
	return string(append(binary.BigEndian.AppendUint32(nil, uint32(1+len(rest))), kind)) + rest
}

const (
	initMessage = "\x00\x00\x00\x05\x01\x00\x00\x00\x03"
	openRoot    = "\x00\x00\x00\x0a\x0b\x00\x00\x00\x08\x00\x00\x00\x01/"
)

func TestLimitsAreAnsweredBeforeTheFirstRequest(t *testing.T) {
	question := message(fxpExtended, "\x00\x00\x00\x07"+string(appendString(nil, limitsName)))
	answer := message(fxpExtendedReply, "\x00\x00\x00\x07"+
		"\x00\x00\x00\x00\x00\x04\x00\x00"+"\x00\x00\x00\x00\x00\x03\xfc\x00"+"\x00\x00\x00\x00\x00\x03\xfc\x00"+"\x00\x00\x00\x00\x00\x00\x00\x08")
	other := message(fxpExtended, "\x00\x00\x00\x07"+string(appendString(nil, "limits@example.com")))
	for _, tt := range []struct{ name, sent, passed, answered string }{
		{"asked", initMessage + question + openRoot, initMessage + openRoot, answer},
		{"not asked", initMessage + openRoot, initMessage + openRoot, ""},
		{"asked twice", initMessage + question + question + openRoot, initMessage + openRoot, answer + answer},
		{"asked later", initMessage + openRoot + question, initMessage + openRoot + question, ""},
		{"asked first of all", question + initMessage + openRoot, initMessage + openRoot, answer},
		{"another extension", initMessage + other + question, initMessage + other + question, ""},
		{"a longer question", initMessage + message(fxpExtended, question[5:]+"x"), initMessage + message(fxpExtended, question[5:]+"x"), ""},
		{"a cut question", initMessage + question[:20], initMessage + question[:20], ""},
		{"a cut head", initMessage + question[:3], initMessage + question[:3], ""},
		{"a first message that lies of its length", "\xff\xff\xff\xff\x01" + question, "\xff\xff\xff\xff\x01" + question, ""},
		{"nothing", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{"at once": strings.NewReader(tt.sent), "in pieces": iotest.OneByteReader(strings.NewReader(tt.sent))} {
				w := &wire{Reader: r}
				passed, err := io.ReadAll(newLimited(w))
				check(t, err)
				if string(passed) != tt.passed || w.String() != tt.answered {
					t.Errorf("%s: the library reads %q, the client %q", how, passed, w.String())
				}
			}
		})
	}
}

func TestLimitsAreAnnouncedOnce(t *testing.T) {
	w := &wire{}
	l := newLimited(w)
	version := message(fxpVersion, "\x00\x00\x00\x03"+string(appendString(appendString(nil, "x"), "1")))
	for _, m := range []string{version, version} {
		n, err := io.WriteString(l, m)
		check(t, err)
		if n != len(m) {
			t.Errorf("%d of %d bytes", n, len(m))
		}
	}
	if want := message(fxpVersion, version[5:]+string(appendString(appendString(nil, limitsName), "1"))) + version; w.String() != want {
		t.Errorf("the client reads %q", w.String())
	}
}

// Nothing but questions is kept from the library, and each is answered.
func FuzzLimits(f *testing.F) {
	f.Add([]byte(initMessage + string(limitsQuestion) + openRoot))
	f.Add([]byte(initMessage + string(limitsQuestion[:30])))
	f.Fuzz(func(t *testing.T, sent []byte) {
		w := &wire{Reader: bytes.NewReader(sent)}
		passed, err := io.ReadAll(newLimited(w))
		check(t, err)
		questions, cut := (len(sent)-len(passed))/len(limitsQuestion), (len(sent)-len(passed))%len(limitsQuestion)
		if answers, rest := w.Len()/41, w.Len()%41; cut != 0 || rest != 0 || questions != answers {
			t.Errorf("%d questions and %d bytes were kept back, %d answers and %d bytes given", questions, cut, answers, rest)
		}
		if questions == 0 && !bytes.Equal(passed, sent) {
			t.Errorf("the library reads %q", passed)
		}
	})
}
