package sshserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
)

// scp answers "scp -f NAME…", the sending half of the old protocol, for clients
// before OpenSSH 9 and for "scp -O". It knows no paths: a name is one of the
// console's files or nothing. Errors go by the protocol, so that the client
// shows them as its own.
//
// The protocol was never written down but in BSD's rcp.c: the receiver sends a
// zero byte; for each file the sender sends "C0400 SIZE NAME\n", the bytes and
// a zero byte, and the receiver answers a zero byte to the line and to the
// bytes. A byte 1 or 2 is an error, with its text up to the end of the line.
func (one *session) scp(args []string) int {
	order, why := parseSCP(args)
	if why == "" {
		why = one.whyNot()
	}
	if why != "" {
		return one.scpRefuse(why)
	}
	lease, err := one.server.bind(one.conn, one.actor)
	if err != nil {
		return one.scpRefuse(one.server.refusal("authorize download", err))
	}
	defer one.cutWith(lease)()
	from := bufio.NewReader(one.channel)
	if err := acknowledged(from); err != nil {
		return 1
	}
	status := 0
	for _, name := range order.names {
		switch err := one.scpFile(from, order, name); {
		case errors.Is(err, errReceiver):
			return 1 // it is lost; the client knows why
		case err != nil:
			status = one.scpRefuse(one.scpWhy(name, err))
		}
	}
	return status
}

// scpOrder is a line that was understood.
type scpOrder struct {
	names []string
	times bool // -p: send the modification time as well
}

// parseSCP reads what follows "scp", or says what is wrong with it.
func parseSCP(args []string) (order scpOrder, why string) {
	from, folder := false, false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flags := args[0][1:]
		args = args[1:]
		if flags == "-" {
			break
		}
		for _, flag := range flags {
			switch flag {
			case 'f':
				from = true
			case 'p':
				order.times = true
			case 'r':
				folder = true
			case 't':
				return scpOrder{}, text("scp.send_only", nil)
			case 'v', 'd', 'q':
			default:
				return scpOrder{}, text("scp.usage", nil)
			}
		}
	}
	if !from || len(args) == 0 {
		return scpOrder{}, text("scp.usage", nil)
	}
	for _, arg := range args {
		if name, ok := fileName(arg); ok {
			order.names = append(order.names, name)
			continue
		}
		if folder || strings.Trim(arg, "./") == "" {
			return scpOrder{}, text("scp.folder", nil)
		}
		return scpOrder{}, noFile(arg)
	}
	return order, ""
}

func noFile(name string) string {
	return text("scp.no_file", map[string]any{"Name": safetext.Line(name)})
}

// scpWhy says why a file was not sent.
func (one *session) scpWhy(name string, err error) string {
	switch {
	case errors.Is(err, core.ErrNotFound) && strings.ContainsAny(name, "*?["):
		return text("scp.glob", nil)
	case errors.Is(err, core.ErrNotFound):
		return noFile(name)
	default:
		return one.server.refusal("scp", err)
	}
}

// scpRefuse sends an error that concerns one file or the line as a whole.
func (one *session) scpRefuse(why string) int {
	_, _ = io.WriteString(one.channel, "\x01scp: "+strings.ReplaceAll(why, "\n", " ")+"\n") // the client may be gone
	return 1
}

// errReceiver is the end of the conversation: the receiver has gone, or said
// that it cannot go on.
var errReceiver = errors.New("the receiver ended")

// scpFile sends one file. After an error that is not errReceiver the next may
// follow.
func (one *session) scpFile(from *bufio.Reader, order scpOrder, name string) (err error) {
	file, err := one.server.options.Console.OpenFile(one.ctx, one.actor, name)
	if err != nil {
		return err
	}
	defer func() { one.server.report("scp close", file.Close()) }()
	info := file.Info()
	if order.times {
		if err := one.scpLine(from, fmt.Sprintf("T%d 0 %d 0\n", info.Time.Unix(), info.Time.Unix())); err != nil {
			return err
		}
	}
	if err := one.scpLine(from, fmt.Sprintf("C0400 %d %s\n", file.Size(), info.Name)); err != nil {
		return err
	}
	n, err := io.Copy(one.channel, io.NewSectionReader(file, 0, file.Size()))
	if err != nil || n != file.Size() {
		// The receiver counts bytes: there is no way to say that none follow.
		if one.ctx.Err() == nil {
			one.server.report("scp", err)
		}
		return errReceiver
	}
	return one.scpLine(from, "\x00")
}

// scpLine sends a line and waits for its answer.
func (one *session) scpLine(from *bufio.Reader, line string) error {
	if _, err := io.WriteString(one.channel, line); err != nil {
		return errReceiver
	}
	return acknowledged(from)
}

// acknowledged reads the receiver's answer. Byte 1 or 2 says that it will not
// take this file; with one file a line, as the wizard shows it, that is the end.
func acknowledged(from *bufio.Reader) error {
	if answer, err := from.ReadByte(); err != nil || answer != 0 {
		return errReceiver
	}
	return nil
}
