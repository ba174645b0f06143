package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// try runs channel test and returns what it says, on either end.
func (o channelOrder) try(t *testing.T) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := o.run(t.Context(), &out, slog.New(slog.NewTextHandler(io.Discard, nil)))
	return out.String(), err
}

// A test goes out by the way that the config names, and says what came back.
func TestChannelTestSends(t *testing.T) {
	path := writeConfigFile(t, "mail: {provider: file}\nsms: {provider: file}\n")
	for _, test := range []struct{ to, kind, says, file, holds string }{
		{"eva@webworks.example", "", "to eva@webworks.example left by email: written to a file on the server.", ".eml", "Subject: door.example: a test message"},
		{"+31 6 12345678", "", "to +31612345678 left by sms: written to a file on the server.", ".txt", "door.example: this is a test."},
		{"+31612345678", "sms", "left by sms", ".txt", "Nothing has happened."},
	} {
		said, err := channelOrder{config: path, to: test.to, kind: test.kind}.try(t)
		if err != nil || !strings.Contains(said, test.says) || !strings.Contains(said, "That is not delivery") {
			t.Errorf("%+v: %q, %v", test, said, err)
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "data", "outgoing", "*"+test.file))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", test.file, err)
		}
		if text := readFile(t, files[len(files)-1]); !strings.Contains(text, test.holds) {
			t.Errorf("%s", text)
		}
	}
}

// A webhook is tested without an address, and a refusal is told with its cause.
func TestChannelTestOfAWebhook(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	path := writeConfigFile(t, "webhook: {url: '"+server.URL+"', hosts: [127.0.0.1], key_file: DIR/key, allow_private: true}\n")
	if said, err := (channelOrder{config: path, kind: "webhook"}).try(t); err != nil || !strings.Contains(said, "accepted by the webhook: 200") {
		t.Errorf("%q, %v", said, err)
	}
	status = http.StatusForbidden
	if said, err := (channelOrder{config: path, kind: "webhook"}).try(t); err == nil || said != "" ||
		!strings.Contains(err.Error(), "did not leave by webhook (misconfigured): the provider refuses this console: 403 Forbidden") {
		t.Errorf("%q, %v", said, err)
	}
}

// A mail server of one's own is asked as the config says: over TLS by a
// certificate of the named authority, or not at all.
func TestChannelTestOfAMailServer(t *testing.T) {
	certificate := httptest.NewTLSServer(nil)
	defer certificate.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	asked := make(chan string, 4)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			asked <- "asked"
			_ = conn.Close()
		}
	}()
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	check(t, err)
	path := writeConfigFile(t, "mail: {provider: smtp, from: a@b.example, host: 127.0.0.1, port: "+port+", tls: tls, ca_file: DIR/ca.pem}\n")
	check(t, os.WriteFile(filepath.Join(filepath.Dir(path), "ca.pem"),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate().Raw}), 0o600))
	said, err := channelOrder{config: path, to: "eva@webworks.example"}.try(t)
	if err == nil || said != "" || !strings.Contains(err.Error(), "did not leave by email (unreachable): no answer: the connection broke") {
		t.Errorf("%q, %v", said, err)
	}
	if <-asked != "asked" {
		t.Error("nobody was asked")
	}
}

func TestChannelTestThatCannotBe(t *testing.T) {
	path := writeConfigFile(t, "mail: {provider: file}\n")
	for _, test := range []struct {
		order channelOrder
		says  string
		usage bool
	}{
		{channelOrder{}, "say where the message goes", true},
		{channelOrder{kind: "webhook", to: "a@b.example"}, "leave --to out", true},
		{channelOrder{kind: "pigeon", to: "a@b.example"}, "--kind is email, sms or webhook", true},
		{channelOrder{to: "0612345678"}, "beginning with +", false},
		{channelOrder{to: "jo@"}, "is not a mail address", false},
		{channelOrder{to: "+31612345678"}, "no way to send by sms is set up", false},
		{channelOrder{kind: "webhook"}, "no way to send by webhook is set up", false},
		{channelOrder{to: "+31612345678", kind: "email"}, "is not a mail address", false},
	} {
		test.order.config = path
		said, err := test.order.try(t)
		var misread *usageError
		if err == nil || said != "" || !strings.Contains(err.Error(), test.says) || errors.As(err, &misread) != test.usage {
			t.Errorf("%+v: %q, %v", test.order, said, err)
		}
	}
}
