package sshserver

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsent is how many bytes may wait in the kernel for a slow peer, behind which
// twice maxGathered may wait here.
const unsent = 128 << 10

// limitUnsent keeps the kernel from queueing megabytes for a slow peer, which
// nobody could call back when a grant ends, and which would hold up a screen on
// the same connection. It costs no throughput: what is in flight does not count
// (tcp(7), TCP_NOTSENT_LOWAT). Where it fails, the queue is merely longer.
func limitUnsent(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent)
	})
}
