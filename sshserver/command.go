package sshserver

import (
	"bytes"
	"io"

	"breakglass/core"
)

// Request is one command line of one actor.
type Request struct {
	Actor  core.Actor
	Args   []string // the line, split as a POSIX shell would; nothing is expanded
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	// Terminal is the client's, nil where it asked for none. With one, keys
	// come one by one, unechoed, and a line ends in "\r"; "\n" on the way out
	// becomes "\r\n".
	Terminal *Terminal
	UTF8     bool // the client announced UTF-8
}

// Terminal is what a client announced of its terminal.
type Terminal struct {
	Name          string // TERM, one safe line
	Width, Height int    // cells, 1 to 500
}

// command hands a line to whoever knows the commands.
func (one *session) command(args []string) int {
	request := Request{
		Actor: one.actor, Args: args, UTF8: one.env.utf8(),
		Stdin: one.channel, Stdout: one.stdout(), Stderr: one.stderr(),
	}
	if t := one.terminal; t != nil {
		now := t.size()
		request.Terminal = &Terminal{Name: t.name, Width: now.width, Height: now.height}
	}
	return one.server.options.Command(one.ctx, request)
}

// stdout is for lines: a screen writes to the channel itself.
func (one *session) stdout() io.Writer {
	if one.terminal == nil {
		return one.channel
	}
	return lines{one.channel}
}

func (one *session) stderr() io.Writer {
	if one.terminal == nil {
		return one.channel.Stderr()
	}
	return lines{one.channel.Stderr()}
}

// lines ends lines as a terminal without a driver behind it needs them.
type lines struct{ w io.Writer }

// Write implements io.Writer.
func (l lines) Write(p []byte) (int, error) {
	bare := bytes.ReplaceAll(p, []byte("\r\n"), []byte("\n"))
	if _, err := l.w.Write(bytes.ReplaceAll(bare, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
