package sshserver

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

func TestSCPLines(t *testing.T) {
	for _, tt := range []struct {
		args string
		want string // names, or part of the refusal
	}{
		{"-f a.tar.gz", "[a.tar.gz]"},
		{"-f ./a.tar.gz", "[a.tar.gz]"},
		{"-f /a.tar.gz", "[a.tar.gz]"},
		{"-v -p -f -- -a", "[-a]"},
		{"-pf a b", "[a b]"},
		{"-f ../../a", "[a]"},
		{"-f *.tar.gz", "[*.tar.gz]"}, // the console says that there is none
		{"-r -f a", "[a]"},
		{"-f etc/passwd", "no file etc/passwd"},
		{"-f ../../etc/passwd", "no file"},
		{"-f .", "Folders"},
		{"-r -f x/y", "Folders"},
		{"-t .", "nothing can be put"},
		{"-f -t a", "nothing can be put"},
		{"-f", "not understood"},
		{"a", "not understood"},
		{"-f -S/bin/sh a", "not understood"},
		{"", "not understood"},
	} {
		order, why := parseSCP(strings.Fields(tt.args))
		if got := fmt.Sprint(order.names) + why; !strings.Contains(got, tt.want) {
			t.Errorf("scp %s: %s, want %s", tt.args, got, tt.want)
		}
	}
}

// scp runs the receiving half by hand.
func (w *world) scp(c *gossh.Client, line, answers string) (string, int) {
	w.t.Helper()
	s := w.session(c)
	in, err := s.StdinPipe() // not Stdin: the server need not take all answers
	check(w.t, err)
	var out bytes.Buffer
	s.Stdout = &out
	check(w.t, s.Start(line))
	_, _ = io.WriteString(in, answers)
	_ = in.Close()
	err = s.Wait()
	return out.String(), exitStatus(w.t, err)
}

func TestSCPSendsByTheProtocol(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	c := w.client(w.withToken(), gossh.Password(w.passphrase))
	ok := strings.Repeat("\x00", 10)
	want := fmt.Sprintf("C0400 %d %s\n%s\x00", len(w.archive), name, w.archive)
	if got, status := w.scp(c, "scp -f "+name, ok); got != want || status != 0 {
		t.Errorf("status %d, %d bytes: %.80q", status, len(got), got)
	}
	if got, status := w.scp(c, "scp -p -f "+name, ok); !strings.HasPrefix(got, "T") || !strings.HasSuffix(got, want) || status != 0 {
		t.Errorf("with times: status %d, %.80q", status, got)
	}
	for _, tt := range []struct{ line, answers, want string }{
		{"scp -f nothing", ok, "\x01scp: There is no file nothing for you here."},
		{"scp -f '*.tar.gz'", ok, "\x01scp: Wildcards are not expanded here."},
		{"scp -t /tmp", ok, "\x01scp: Files can only be fetched here"},
		{"scp -f '\x1b]0;title\a'", ok, "\x01scp: There is no file "},
		{"scp -f " + name, "", ""},
		{"scp -f " + name, "\x02no\n", ""},
		{"scp -f " + name, "\x00\x01no space\n", want[:strings.Index(want, "\n")+1]},
	} {
		got, status := w.scp(c, tt.line, tt.answers)
		if !strings.HasPrefix(got, tt.want) || (tt.want == "" && got != "") || status != 1 || strings.ContainsAny(got, "\x1b\a") && len(got) < 1000 {
			t.Errorf("%q answered %q: status %d, %.200q", tt.line, tt.answers, status, got)
		}
	}
}

func TestSCPIsForOwnersWithTokenOnly(t *testing.T) {
	w := newWorld(t)
	w.openGrant()
	name := w.backUp()
	if got, status := w.scp(w.owner(), "scp -f "+name, "\x00\x00"); status != 1 || !strings.HasPrefix(got, "\x01scp: Downloads need the line that the wizard shows") {
		t.Errorf("status %d, %q", status, got)
	}
	if got, _ := w.scp(w.client("eva", gossh.PublicKeys(w.manager)), "scp -f "+name, "\x00\x00"); !strings.HasPrefix(got, `manager:eva ["scp"`) {
		t.Errorf("a manager's line went to %q", got)
	}
}

func FuzzParseSCP(f *testing.F) {
	for _, seed := range []string{"-f a", "-pf -- -x", "-t .", "-f ../../etc/passwd", "-", "-f \x00 \xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		order, why := parseSCP(strings.Fields(line))
		if (why == "") != (len(order.names) > 0) {
			t.Fatalf("%q: %v and %q", line, order.names, why)
		}
		for _, name := range order.names {
			if strings.Contains(name, "/") || name == "" || name == "." || name == ".." {
				t.Fatalf("%q became the name %q", line, name)
			}
		}
	})
}
