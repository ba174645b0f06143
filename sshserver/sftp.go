package sshserver

import (
	"context"
	"errors"
	"io"

	"github.com/pkg/sftp"

	"breakglass/core"
)

// maxRead is how much one answer holds at most, in bytes; with its header it
// stays within the library's messages.
const maxRead = 255 << 10

// sftp serves the actor's files until the client has enough or the grant ends.
func (one *session) sftp() int {
	if why := one.whyNot(); why != "" {
		one.tell(why)
		return 1
	}
	lease, err := one.server.bind(one.conn, one.actor)
	if err != nil {
		one.tell(text("files.refused", map[string]any{"Why": one.server.refusal("authorize download", err)}))
		return 1
	}
	who := one.actor.ID()
	if !one.server.fetchers.enter(who) {
		one.tell(text("files.too_many", nil))
		return 1
	}
	defer one.server.fetchers.exit(who)
	defer one.cutWith(lease)()
	t := &tree{session: one}
	files := sftp.NewRequestServer(newLimited(one.channel), sftp.Handlers{FileGet: t, FilePut: t, FileCmd: t, FileList: t},
		sftp.WithRSAllocator(), sftp.WithRSMaxTxPacket(maxRead))
	err = files.Serve()
	if lease.Context().Err() != nil || !errors.Is(err, io.EOF) {
		return 1
	}
	return 0
}

// cutWith ends the session's data with the lease: the client is told why, and a
// moment later the channel is closed, so that not even what waits for the
// client's window is sent. The function that it returns calls that off.
func (one *session) cutWith(lease *core.Lease) (stop func() bool) {
	return context.AfterFunc(lease.Context(), func() {
		defer one.server.contain("end download", nil)
		if one.ctx.Err() != nil && one.server.base.Err() == nil {
			return // the client has gone already
		}
		one.server.options.Clock.AfterFunc(one.server.limits.cut, func() {
			_ = one.channel.Close() // it may be closed already
		})
		one.tell(one.ended(context.Cause(lease.Context())))
	})
}

// ended says why a download ended before its end.
func (one *session) ended(cause error) string {
	if errors.Is(cause, errStopped) {
		return text("stopping", nil)
	}
	return text("files.ended", map[string]any{"Why": one.server.refusal("end download", cause)})
}
