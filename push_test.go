package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var seqParam = regexp.MustCompile(` seq="(\d+)"`)

// collect takes syslog messages until every line up to want has come, and closes
// the listener with a connection in the midst of its messages.
func collect(t *testing.T, address string, got map[int]string, want int) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	check(t, err)
	over := time.AfterFunc(time.Minute, func() { _ = listener.Close() })
	defer over.Stop()
	for {
		conn, err := listener.Accept()
		if err != nil {
			t.Fatalf("%d lines came, %d are wanted: %v", len(got), want, err)
		}
		in := bufio.NewReaderSize(conn, 16) // what is not wanted stays unread
		for {
			count, err := in.ReadString(' ')
			if err != nil {
				break
			}
			n, err := strconv.Atoi(strings.TrimSpace(count))
			check(t, err)
			message := make([]byte, n)
			_, err = io.ReadFull(in, message)
			check(t, err)
			if m := seqParam.FindStringSubmatch(string(message)); m != nil && !strings.Contains(string(message), " log.checkpoint ") {
				seq, err := strconv.Atoi(m[1])
				check(t, err)
				got[seq] = string(message)
			}
			if len(got) >= want {
				_ = conn.Close()
				_ = listener.Close()
				return
			}
		}
		_ = conn.Close()
	}
}

// A console pushes its log to a collector that goes and comes again, and says how
// it stands.
func TestTheLogReachesItsCollector(t *testing.T) {
	h := newHost(t, t.TempDir())
	address := "127.0.0.1:" + freePort(t)
	h.stop()
	f, err := os.OpenFile(h.path("breakglass.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = f.WriteString("log: {push: 'tcp://" + address + "'}\n")
	check(t, err)
	check(t, f.Close())
	h.start()
	got := map[int]string{}
	collect(t, address, got, 3)
	status := h.mustSSH("ann", "", "log", "push")
	if !strings.Contains(status, "tcp://"+address) || !strings.Contains(status, "Lines behind") {
		t.Error(status)
	}
	for range 3 {
		h.mustSSH("eva", "", "site", "list")
	}
	lines := strings.Count(h.mustSSH("ann", "", "log", "export"), "\n") - 1
	collect(t, address, got, lines)
	for seq := range lines {
		if !strings.Contains(got[seq], "[breakglass@32473 seq=\""+strconv.Itoa(seq)+"\"") {
			t.Errorf("line %d is %q", seq, got[seq])
		}
	}
}
