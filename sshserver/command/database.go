package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"breakglass/core"
)

// none is what takes a setting away.
const none = "none"

// named drops the word that stands for nothing.
func named(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return v == "" || v == none })
}

// databasePassword asks for the password of the database that --database names:
// a command line stays in histories and logs.
func (s *session) databasePassword(cmd *cobra.Command, o *core.SiteOrder) error {
	switch o.Database.URL {
	case "":
		return nil
	case none:
		o.Database.URL = ""
		return nil
	}
	if _, rest, _ := strings.Cut(o.Database.URL, "://"); strings.Contains(rest[:max(0, strings.LastIndexByte(rest, '@'))], ":") {
		return s.misread("password_in_url", nil)
	}
	if o.Key == "-" {
		return s.misread("one_input", map[string]any{"Command": path(cmd)})
	}
	s.tell(s.text("password_wanted", nil))
	text, err := readTyped(cmd.Context(), s.In, passwordCap)
	if err != nil {
		return err
	}
	if len(text) > passwordCap {
		return s.misread("password_long", nil)
	}
	o.Database.Password = core.NewSecret(string(text))
	return nil
}

// passwordCap is the longest password that is read, in bytes.
const passwordCap = 512

// What a terminal sends for its keys.
const (
	keyCancel    = 0x03
	keyBackspace = 0x08
	keyDelete    = 0x7f
)

// readTyped reads one line, which a terminal in raw mode may send key by key and
// end with a carriage return, but one byte more than limit at most. It gives up
// when ctx ends: the reading goroutine then stays until the session's channel is
// closed, which the end of ctx brings about.
func readTyped(ctx context.Context, in io.Reader, limit int) ([]byte, error) {
	type answer struct {
		text []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := typed(in, limit)
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		return a.text, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func typed(in io.Reader, limit int) ([]byte, error) {
	var text []byte
	buf := make([]byte, 1)
	for len(text) <= limit {
		n, err := in.Read(buf)
		if n == 1 {
			switch c := buf[0]; c {
			case '\n', '\r', endOfInput:
				return text, nil
			case keyCancel:
				return nil, core.Refuse(core.ErrCancelled, "Nothing was changed.")
			case keyBackspace, keyDelete:
				_, size := utf8.DecodeLastRune(text)
				text = text[:len(text)-size]
			default:
				text = append(text, c)
			}
		}
		if err == io.EOF { //nolint:errorlint // io.Reader returns it bare
			return text, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the input: %w", err)
		}
	}
	return text, nil
}
