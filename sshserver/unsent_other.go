//go:build !linux

package sshserver

import "net"

// limitUnsent has no portable form.
func limitUnsent(net.Conn) {}
