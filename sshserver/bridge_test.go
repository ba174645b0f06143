package sshserver

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"
	gossh "golang.org/x/crypto/ssh"
)

// The last words are folded between words; a line to copy stays whole.
func TestScreenShowsAndSaysGoodbye(t *testing.T) {
	w := newWorld(t)
	p := w.open(w.owner(), "xterm-256color", 80, 24, "LANG", "de_DE.UTF-8")
	p.shows("screen of owner:acme 80x24 utf8=true")
	p.press("q")
	if status := p.ends(); status != 0 {
		t.Errorf("status %d", status)
	}
	text := p.text()
	end := strings.LastIndex(text, "\x1b[?1049l")
	if end < 0 || !strings.HasSuffix(text[end:], "goodbye, and to fetch your backup type on your own computer what stands below\r\nthis sentence:\r\n  sftp acme+X@backup.example:"+strings.Repeat("x", 90)+"\r\n") {
		t.Errorf("after the screen closed: %q", text[max(0, end):])
	}
}

func TestRendererIsBuiltFromWhatTheClientSaid(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		term    string
		env     []string
		profile termenv.Profile
		utf8    bool
	}{
		{"xterm", nil, termenv.ANSI, false}, // PuTTY
		{"xterm-256color", []string{"LANG", "C.UTF-8"}, termenv.ANSI256, true},
		{"xterm-256color", []string{"COLORTERM", "truecolor", "LC_ALL", "C", "LANG", "C.UTF-8"}, termenv.TrueColor, false},
		{"xterm-256color", []string{"NO_COLOR", "1", "LC_CTYPE", "en_GB.utf8"}, termenv.Ascii, true},
		{"vt100", nil, termenv.Ascii, false},
	} {
		c := w.owner()
		p := w.open(c, tt.term, 80, 24, tt.env...)
		s := receive(t, "a screen", w.screens)
		if s.Term() != tt.term || s.UTF8() != tt.utf8 || s.Renderer().ColorProfile() != tt.profile || !s.Renderer().HasDarkBackground() {
			t.Errorf("%s %v: term %q utf8 %v profile %v", tt.term, tt.env, s.Term(), s.UTF8(), s.Renderer().ColorProfile())
		}
		p.shows("screen of")
		if strings.Contains(p.text(), "\x1b]11;?") || strings.Contains(p.text(), "\x1b[6n") || strings.Contains(p.text(), "\x1b[c") {
			t.Errorf("%s: the terminal was asked: %q", tt.term, p.text())
		}
		p.press("q")
		p.ends()
		check(t, c.Close())
	}
}

func TestWindowsAreClamped(t *testing.T) {
	w := newWorld(t)
	c := w.owner()
	for _, tt := range []struct {
		cols, rows int
		want       string
	}{
		{0, 0, "80x24"}, {1<<32 - 1, 1<<32 - 1, "500x500"}, {1, 0, "1x24"}, {132, 43, "132x43"},
	} {
		p := w.open(c, "xterm", tt.cols, tt.rows)
		s := receive(t, "a screen", w.screens)
		width, height := s.Size()
		if got := (size{width, height}); got != clamp(uint32(tt.cols), uint32(tt.rows)) {
			t.Errorf("%dx%d became %v", tt.cols, tt.rows, got)
		}
		if tt.cols != 1 { // a frame one cell wide shows nothing to read
			p.shows(" " + tt.want)
		}
		p.press("q")
		p.ends()
	}
}

func TestResizeStorm(t *testing.T) {
	w := newWorld(t)
	models := make(chan *testModel, 1)
	w.model = func(s *Session) tea.Model {
		m := newModel(s)
		models <- m
		return m
	}
	c := w.owner()
	p := w.open(c, "xterm", 80, 24)
	m := receive(t, "a model", models)
	for i := range 5000 {
		check(t, p.WindowChange(i%200, i%300))
	}
	check(t, p.WindowChange(45, 123))
	p.shows("123x45")
	if n := len(m.sizes); n > 5000 {
		t.Errorf("%d sizes for 5001 resizes", n)
	}
	// The connection is free for others meanwhile and afterwards.
	_, err := w.session(c).Output("status")
	check(t, err)
	// A storm before the shell, and after the end, stops nothing either.
	early := w.prepare(c)
	check(t, early.RequestPty("xterm", 24, 80, nil))
	for range 100 {
		check(t, early.WindowChange(50, 100))
	}
	check(t, early.Shell())
	early.shows("100x50")
	p.press("q")
	p.ends()
	early.press("q")
	early.ends()
	_, err = w.session(c).Output("status")
	check(t, err)
}

func TestSuspendDoesNotStopTheServer(t *testing.T) {
	w := newWorld(t)
	p := w.open(w.owner(), "xterm", 80, 24)
	p.press("z")
	p.shows("[z]")
	p.press("k")
	p.shows("[z,k]") // had the process stopped, nobody would be here to say so
}

func TestFilterSeesTheModelItself(t *testing.T) {
	w := newWorld(t)
	seen := make(chan tea.Model, 100)
	w.server.options.Filter = func(m tea.Model, msg tea.Msg) tea.Msg {
		if k, ok := msg.(tea.KeyMsg); ok && k.String() == "x" {
			seen <- m
			return nil
		}
		return msg
	}
	p := w.open(w.owner(), "xterm", 80, 24)
	p.press("x")
	if _, ok := receive(t, "the filter", seen).(*testModel); !ok {
		t.Error("the filter saw a wrapper")
	}
	p.press("k")
	p.shows("[k]")
}

func TestCopyGoesToThePersonsClipboard(t *testing.T) {
	w := newWorld(t)
	p := w.open(w.owner(), "xterm", 80, 24)
	p.press("y")
	p.shows("\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte("sftp line")) + "\a")
}

func TestEOFEndsTheScreen(t *testing.T) {
	w := newWorld(t)
	p := w.open(w.owner(), "xterm", 80, 24)
	s := receive(t, "a screen", w.screens)
	check(t, p.in.Close())
	p.ends()
	receive(t, "the end of the context", s.Context().Done())
}

func TestVanishedClientEndsTheScreen(t *testing.T) {
	w := newWorld(t)
	c := w.owner()
	p := w.open(c, "xterm", 80, 24)
	p.shows("screen of")
	s := receive(t, "a screen", w.screens)
	check(t, c.Close())
	receive(t, "the end of the context", s.Context().Done())
	eventually(t, "no screens", func() bool { return w.server.screens.Load() == 0 })
}

// A client that takes nothing is let go, and the next one does not notice.
func TestReaderThatNeverReads(t *testing.T) {
	w := newWorld(t, func(l *limits) { l.stuck, l.farewell = 200*time.Millisecond, 200*time.Millisecond })
	w.model = func(s *Session) tea.Model { return &flood{} }
	c := w.owner()
	channel, requests, err := c.OpenChannel("session", nil)
	check(t, err)
	go gossh.DiscardRequests(requests)
	pty := struct {
		Term               string
		Cols, Rows, PW, PH uint32
		Modes              string
	}{"xterm", 500, 500, 0, 0, ""}
	if ok, err := channel.SendRequest("pty-req", true, gossh.Marshal(pty)); err != nil || !ok {
		t.Fatal(ok, err)
	}
	_, err = channel.SendRequest("shell", true, nil)
	check(t, err)
	s := receive(t, "a screen", w.screens)
	receive(t, "the end of the context", s.Context().Done())
	eventually(t, "no screens", func() bool { return w.server.screens.Load() == 0 })
	p := w.open(w.owner(), "xterm", 80, 24)
	p.shows("line")
}

// flood draws a different full screen each frame.
type flood struct{ n int }

func (f *flood) Init() tea.Cmd { return tick }

func tick() tea.Msg { return notice("tick") }

func (f *flood) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	f.n++
	return f, tea.Tick(time.Millisecond, func(time.Time) tea.Msg { return tick() })
}

func (f *flood) View() string {
	line := "line " + strings.Repeat(string(rune('a'+f.n%26)), 480) + "\n"
	return strings.Repeat(line, 499)
}

func TestPanicsEndOneScreen(t *testing.T) {
	w := newWorld(t)
	bystander := w.open(w.owner(), "xterm", 80, 24)
	for _, key := range []string{"p", "c", "b", "v"} {
		p := w.open(w.owner(), "xterm", 80, 24)
		p.shows("screen of")
		p.press(key)
		if status := p.ends(); status != 1 {
			t.Errorf("%s: status %d", key, status)
		}
		text := p.text()
		_, id, found := strings.Cut(text, "the number ")
		if !found || strings.Contains(text, "secret detail") {
			t.Fatalf("%s: told %q", key, text)
		}
		if id, _, _ = strings.Cut(id, "."); !strings.Contains(w.log.String(), "incident="+id) {
			t.Errorf("%s: incident %q is not in the log", key, id)
		}
	}
	bystander.press("k")
	bystander.shows("[k]")
}

func TestModelMayCloseTheWholeConnection(t *testing.T) {
	w := newWorld(t)
	c := w.owner()
	other := w.session(c)
	check(t, other.Start("hang"))
	p := w.open(c, "xterm", 80, 24)
	p.press("Q")
	p.ends()
	closed := make(chan error, 1)
	go func() { closed <- c.Wait() }()
	_ = receive(t, "the end of the connection", closed) // why it ended is the client's own affair
}

// A client that would hang up by itself is let do so: a connection that is closed
// under it is an error to its owner.
func TestAClientMayHangUpFirst(t *testing.T) {
	w := newWorld(t, func(l *limits) { l.hangUp = time.Hour })
	c := w.owner()
	p := w.open(c, "xterm", 80, 24)
	p.press("Q")
	p.ends()
	for range 3 {
		if _, _, err := c.SendRequest("keepalive@openssh.com", true, nil); err != nil {
			t.Fatalf("the server hung up first: %v", err)
		}
	}
	check(t, c.Close())
}

func TestNilModelGetsHelp(t *testing.T) {
	w := newWorld(t)
	w.model = func(*Session) tea.Model { return nil }
	p := w.open(w.owner(), "xterm", 80, 24)
	p.ends()
	if !strings.Contains(p.text(), `["help"]`) {
		t.Errorf("%q", p.text())
	}
}

func TestIdleScreenIsWarnedAndEnds(t *testing.T) {
	w := newWorld(t, func(l *limits) { l.idleWarning, l.idleEnd = 300*time.Millisecond, time.Second })
	p := w.open(w.owner(), "xterm", 80, 24)
	p.shows("[idle]")
	p.press("k") // a sign of life
	p.shows("[idle,k,idle]")
	p.ends()
	if !strings.Contains(p.text(), "no key was pressed") {
		t.Errorf("%q", p.text())
	}
}

func TestShutdownTellsScreensAndEndsEverything(t *testing.T) {
	w := newWorld(t, func(l *limits) { l.shutdown = 300 * time.Millisecond })
	p := w.open(w.owner(), "xterm", 80, 24)
	p.shows("screen of")
	hanging := w.session(w.owner())
	check(t, hanging.Start("hang"))
	receive(t, "a command", w.commands)
	w.owner() // a connection without a session
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	check(t, w.server.Shutdown(ctx))
	p.shows("[stopping]")
	p.shows("The console is being restarted")
	if _, err := w.dial("acme", gossh.Password(w.passphrase)); err == nil {
		t.Error("came in after Shutdown")
	}
}
