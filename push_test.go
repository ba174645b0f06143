package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"breakglass/core/coretest"
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

// pushTo starts the console anew with that as its log's configuration.
func (h *host) pushTo(config string) {
	h.t.Helper()
	h.stop()
	f, err := os.OpenFile(h.path("breakglass.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	check(h.t, err)
	_, err = f.WriteString("log: " + config + "\n")
	check(h.t, err)
	check(h.t, f.Close())
	h.start()
}

// A console pushes its log to a collector that goes and comes again, and says how
// it stands.
func TestTheLogReachesItsCollector(t *testing.T) {
	h := newHost(t, t.TempDir())
	address := "127.0.0.1:" + freePort(t)
	h.pushTo("{push: 'tcp://" + address + "'}")
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

// The real rsyslogd gets the log by TLS, what was asked for in hostile words
// included; while it is away the console says so, and then catches up.
func TestTheLogReachesRsyslog(t *testing.T) {
	h := newHost(t, t.TempDir())
	collector := coretest.NewRsyslog(t, true)
	h.pushTo(fmt.Sprintf("{push: 'tls://localhost:%d', ca_file: %s, personal: true}", collector.Port, collector.CAFile))
	arrives := func(asked string) {
		t.Helper()
		eventually(t, "line about "+asked, func() bool {
			return slices.ContainsFunc(collector.Taken(), func(one coretest.Taken) bool { return strings.Contains(one.Fields["personal.filter"], asked) })
		})
	}
	h.mustSSH("ann", "", "log", "export", "--text", `first"] x="y`)
	arrives(`first"] x="y`)
	collector.Stop()
	h.mustSSH("ann", "", "log", "export", "--text", "\x1b[2Jsecond\n<13>1 forged \u202e é\\")
	eventually(t, "trouble", func() bool { return strings.Contains(h.mustSSH("ann", "", "log", "push"), "nobody listens") })
	collector.Start()
	arrives("second <13>1 forged")
	lines := strings.Count(h.mustSSH("ann", "", "log", "export"), "\n") - 1
	eventually(t, "the rest", func() bool {
		got := map[string]bool{}
		for _, one := range collector.Taken() {
			got[one.Fields["seq"]] = true
		}
		for seq := range lines {
			if !got[strconv.Itoa(seq)] {
				return false
			}
		}
		return true
	})
	if status := h.mustSSH("ann", "", "log", "push"); strings.Contains(status, "nobody listens") {
		t.Error(status)
	}
}
