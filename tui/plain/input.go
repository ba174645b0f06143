package plain

import (
	"context"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// maxLine is how much of a line is kept, in bytes.
const maxLine = 4 << 10

// The keys that are more than a character.
const (
	keyCtrlC     = 0x03
	keyCtrlD     = 0x04
	keyBackspace = 0x08
	keyCtrlU     = 0x15
	keyEscape    = 0x1b
	keyDelete    = 0x7f
)

// keyboard turns what is typed into lines. A goroutine of its own reads; all
// else happens in the session's, so that echo and text never mix.
type keyboard struct {
	chunks <-chan []byte // closed at the end of the input
	echo   bool
	out    *printer

	waiting []byte // read and not looked at
	line    []byte
	escape  int  // how far an escape sequence is
	newline bool // the last key was "\r": a "\n" after it belongs to it
	ended   bool
}

// newKeyboard begins to read. The goroutine ends with ctx or the input; while
// it hangs in Read it cannot see ctx.
func newKeyboard(ctx context.Context, in io.Reader, echo bool, out *printer) *keyboard {
	chunks := make(chan []byte)
	go func() {
		defer close(chunks)
		for buffer := make([]byte, 1024); ; {
			n, err := in.Read(buffer)
			if n > 0 {
				select {
				case chunks <- append([]byte(nil), buffer[:n]...):
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return &keyboard{chunks: chunks, echo: echo, out: out}
}

// take adds what was read; closed says that nothing more will come.
func (k *keyboard) take(chunk []byte, open bool) {
	k.waiting = append(k.waiting, chunk...)
	k.ended = k.ended || !open
}

// next returns a line if a whole one has been typed. left means that the
// person wants to go: by a key, or because the input ended.
func (k *keyboard) next() (line string, ok, left bool) {
	for len(k.waiting) > 0 {
		key := k.waiting[0]
		k.waiting = k.waiting[1:]
		if k.echo && (key == keyCtrlC || key == keyCtrlD) {
			return "", false, true
		}
		if k.press(key) {
			return k.done(), true, false
		}
	}
	if k.ended && len(k.line) > 0 {
		return k.done(), true, false // the last line may lack its end
	}
	return "", false, k.ended
}

// press takes one key and reports whether it ended the line.
func (k *keyboard) press(key byte) bool {
	after := k.newline
	k.newline = key == '\r'
	switch {
	case key == '\n' && after:
	case key == '\r' || key == '\n':
		k.escape = 0
		return true
	case k.escape > 0:
		k.skip(key)
	case key == keyEscape:
		k.escape = 1
	case k.echo && (key == keyBackspace || key == keyDelete):
		k.rubOut()
	case k.echo && key == keyCtrlU:
		for len(k.line) > 0 {
			k.rubOut()
		}
	case key >= ' ' || key == '\t':
		k.add(key)
	}
	return false
}

// skip passes over an escape sequence, as arrow keys send: ESC [ 1 ; 5 C,
// ESC O P, or ESC and one key.
func (k *keyboard) skip(key byte) {
	switch {
	case k.escape == 1 && key == '[':
		k.escape = 2
	case k.escape == 1 && key == 'O':
		k.escape = 3
	case k.escape == 2 && (key < '@' || key > '~'):
	default:
		k.escape = 0
	}
}

// add appends a byte, and shows its character once that is whole.
func (k *keyboard) add(key byte) {
	if len(k.line) >= maxLine {
		return
	}
	if key == '\t' {
		key = ' '
	}
	k.line = append(k.line, key)
	if !k.echo {
		return
	}
	tail := k.line[max(0, len(k.line)-utf8.UTFMax):]
	for i := range tail {
		if utf8.RuneStart(tail[i]) && utf8.FullRune(tail[i:]) {
			r, size := utf8.DecodeRune(tail[i:])
			if i+size == len(tail) && r != utf8.RuneError && unicode.IsPrint(r) {
				k.out.write(string(r))
			}
		}
	}
}

// rubOut takes the last character back.
func (k *keyboard) rubOut() {
	if len(k.line) == 0 {
		return
	}
	r, size := utf8.DecodeLastRune(k.line)
	k.line = k.line[:len(k.line)-size]
	if r != utf8.RuneError && unicode.IsPrint(r) {
		k.out.write(strings.Repeat("\b \b", uniseg.StringWidth(string(r))))
	}
}

// done returns the line and begins the next.
func (k *keyboard) done() string {
	line := strings.ToValidUTF8(string(k.line), "")
	k.line = nil
	if k.echo {
		k.out.write("\n")
	}
	return strings.TrimSpace(line)
}

// typed is what of the line can be shown again.
func (k *keyboard) typed() string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(k.line))
}

// forget drops what has been typed of a line.
func (k *keyboard) forget() { k.line, k.escape = nil, 0 }
