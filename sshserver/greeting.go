package sshserver

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// Each side of SSH begins with a line that names it and the packet KEXINIT with
// the algorithms that it knows, in plaintext and without waiting for the other
// (RFC 4253, sections 4.2 and 7.1). Of the ciphers that both know, the first of
// the client's is taken, and OpenSSH's client before version 10 puts AES-CTR,
// whose HMAC costs both sides as much as the cipher does, before AES-GCM. So
// the client is heard before the library speaks: who knows GCM is offered
// nothing else.

const (
	software       = "breakglass"
	identification = "SSH-2.0-" + software + "\r\n"
)

// maxGreeting is how many bytes of a client are heard before the library hears
// it. OpenSSH's line and first packet have 1,600.
const maxGreeting = 8 << 10

var errIdentification = errors.New("the SSH library names itself in another way than we did")

// greet sends our identification and hears the client's greeting, for as long
// as d: somebody may wait for our KEXINIT before they send theirs. The library
// then reads all of it again, and decides what comes of it. It is called once,
// before anybody else uses the connection.
func (c *conn) greet(d time.Duration) {
	if _, err := io.WriteString(c, identification); err != nil {
		return // the library will find out as well
	}
	c.named = true
	late := make(chan struct{})
	stop := c.gate.clock.AfterFunc(d, func() {
		_ = c.SetReadDeadline(time.Unix(1, 0)) // if it fails, the time for logging in ends the wait
		close(late)
	})
	var heard bytes.Buffer
	c.gcm = knowsGCM(bufio.NewReader(io.TeeReader(io.LimitReader(c, maxGreeting), &heard)))
	if !stop() {
		<-late
	}
	_ = c.SetReadDeadline(time.Time{}) // if it fails, so does the next read
	c.heard = heard.Bytes()
}

// knowsGCM reports whether what a client begins with says that it knows AES-GCM
// in both directions.
func knowsGCM(r *bufio.Reader) bool {
	for named := false; !named; { // other lines may come before (and the library lets them)
		line, err := r.ReadSlice('\n')
		if err != nil {
			return false
		}
		named = bytes.HasPrefix(line, []byte("SSH-"))
	}
	var head [5]byte // of a packet: its length without these four bytes, and that of its padding (section 6)
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return false
	}
	length := int64(binary.BigEndian.Uint32(head[:])) - 1 - int64(head[4])
	if length < 0 || length > maxGreeting {
		return false
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(r, payload); err != nil {
		return false
	}
	var init struct { // section 7.1
		Cookie                          [16]byte `sshtype:"20"`
		KeyExchanges, HostKeys          []string
		CiphersIn, CiphersOut           []string // as seen from here
		MACsIn, MACsOut                 []string
		CompressionsIn, CompressionsOut []string
		LanguagesIn, LanguagesOut       []string
		GuessFollows                    bool
		Reserved                        uint32
	}
	return gossh.Unmarshal(payload, &init) == nil && hasGCM(init.CiphersIn) && hasGCM(init.CiphersOut)
}

func hasGCM(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(gcmCiphers, name) })
}
