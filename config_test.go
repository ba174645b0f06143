package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/notify"
)

// writeConfigFile writes a config that is whole but for what more adds. DIR
// stands for its folder.
func writeConfigFile(t *testing.T, more string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "breakglass.yaml")
	text := "listen: 127.0.0.1:2222\nhost: door.example\ndata: DIR/data\nroots: [DIR/sites]\n" + more
	check(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600))
	check(t, os.WriteFile(filepath.Join(dir, "key"), []byte("0123456789abcdef0123456789abcdef\n"), 0o600))
	check(t, os.WriteFile(filepath.Join(dir, "none.pem"), []byte("no certificate\n"), 0o600))
	return path
}

// open reads a config and builds its channels.
func openConfig(path string) (config, map[core.ContactKind]notify.Channel, error) {
	c, err := readConfig(path)
	if err != nil {
		return c, nil, err
	}
	ways, err := channels(c, nil, slog.New(slog.NewTextHandler(io.Discard, nil)))
	return c, ways, err
}

// Each way out that can be named is built, and nothing else.
func TestConfiguredChannels(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		want   map[core.ContactKind]string
	}{
		"none":        {"", nil},
		"files":       {"mail: {provider: file}\nsms: {provider: file}\n", map[core.ContactKind]string{core.ContactEmail: "*notify.File", core.ContactPhone: "*notify.File"}},
		"sendgrid":    {"mail: {provider: sendgrid, from: a@b.example, key_file: DIR/key}\n", map[core.ContactKind]string{core.ContactEmail: "*notify.SendGrid"}},
		"twilio":      {"sms: {provider: twilio, from: Acme, account: AC123, key_file: DIR/key}\n", map[core.ContactKind]string{core.ContactPhone: "*notify.Twilio"}},
		"smtp":        {"mail: {provider: smtp, from: a@b.example, host: mail.b.example, user: a, key_file: DIR/key}\n", map[core.ContactKind]string{core.ContactEmail: "*notify.SMTP"}},
		"all of smtp": {"mail: {provider: smtp, from: a@b.example, host: mail.b.example, port: 465, tls: tls, auth: scram, user: a, key_file: DIR/key}\n", map[core.ContactKind]string{core.ContactEmail: "*notify.SMTP"}},
		"smtp here":   {"mail: {provider: smtp, from: a@b.example, host: 127.0.0.1, tls: none}\n", map[core.ContactKind]string{core.ContactEmail: "*notify.SMTP"}},
		"webhook":     {"webhook: {url: 'https://chat.b.example/x', hosts: [chat.b.example], key_file: DIR/key}\n", map[core.ContactKind]string{core.ContactWebhook: "*notify.Webhook"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, ways, err := openConfig(writeConfigFile(t, test.config))
			if err != nil {
				t.Fatal(err)
			}
			for kind, channel := range ways {
				if got := fmt.Sprintf("%T", channel); got != test.want[kind] {
					t.Errorf("%s: %s", kind, got)
				}
			}
			if len(ways) != len(test.want) {
				t.Errorf("%d channels, want %d", len(ways), len(test.want))
			}
		})
	}
}

// What a wrong channel gets is one sentence that names the place.
func TestChannelsThatCannotBe(t *testing.T) {
	for config, want := range map[string]string{
		"mail: {provider: pigeon}\n":                                                            `mail: provider is sendgrid, smtp or file, not "pigeon"`,
		"mail: {from: a@b.example}\n":                                                           `mail: provider is sendgrid, smtp or file, not ""`,
		"sms: {provider: smtp, host: a}\n":                                                      `sms: provider is twilio or file, not "smtp"`,
		"mail: {provider: sendgrid}\n":                                                          "mail: from is missing",
		"sms: {provider: twilio, from: Acme}\n":                                                 "sms: account is missing",
		"mail: {provider: smtp, from: a@b.example}\n":                                           "mail: host is missing",
		"mail: {provider: sendgrid, from: a@b.example, host: x}\n":                              "mail: host, port, tls, auth and ca_file are for provider smtp, not for sendgrid",
		"mail: {provider: smtp, from: a@b.example, host: mail.b.example, tls: none}\n":          "tls: none is for a mail server on this machine alone",
		"mail: {provider: smtp, from: a@b.example, host: mail.b.example, tls: ssl}\n":           "tls is starttls, tls or none.",
		"mail: {provider: smtp, from: a@b.example, host: mail.b.example, user: a}\n":            "set BREAKGLASS_SMTP_PASSWORD",
		"mail: {provider: smtp, from: a@b.example, host: m.b.example, ca_file: DIR/none.pem}\n": "there is no certificate in ",
		"mail: {provider: smtp, from: a@b.example, host: m.b.example, ca_file: DIR/gone.pem}\n": "ca_file: ",
		"mail: {provider: smtp, from: a@b.example, host: m.b.example, ssl: yes}\n":              "unknown field",
		"webhook: {hosts: [a.example]}\n":                                                       "webhook: url is missing",
		"webhook: {url: /hook}\n":                                                               "webhook: url names no host",
		"webhook: {url: 'https://a.example/x'}\n":                                               "set BREAKGLASS_WEBHOOK_SECRET",
		"webhook: {url: 'https://a.example/x', key_file: DIR/key}\n":                            "is not among its hosts",
		"webhook: {url: 'http://a.example/x', hosts: [a.example], key_file: DIR/key}\n":         "wants https",
	} {
		_, _, err := openConfig(writeConfigFile(t, config))
		if err == nil || !strings.Contains(sentence(err), want) && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", config, err, want)
		}
	}
}

// Archives are packed as the config says, and as a tar.gz where it says nothing.
func TestConfiguredArchive(t *testing.T) {
	for config, want := range map[string]string{"": ".tar.gz", "archive: tar.gz\n": ".tar.gz", "archive: tar.zst\n": ".tar.zst"} {
		c, err := readConfig(writeConfigFile(t, config))
		check(t, err)
		check(t, os.MkdirAll(c.Roots[0], 0o700))
		p, err := openParts(t.Context(), c, slog.New(slog.DiscardHandler))
		check(t, err)
		if got := p.console.Extension(); got != want {
			t.Errorf("%q: %s", config, got)
		}
		check(t, p.close())
	}
	if _, err := readConfig(writeConfigFile(t, "archive: zip\n")); err == nil || !strings.Contains(err.Error(), `archive: tar.gz or tar.zst, not "zip"`) {
		t.Error(err)
	}
}

// A webhook in the config is told of a step, signed, with nothing but its host
// in the outbox.
func TestConfiguredWebhookIsTold(t *testing.T) {
	told := make(chan *http.Request, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r }))
	defer server.Close()
	c, ways, err := openConfig(writeConfigFile(t, "webhook: {url: '"+server.URL+"/T0KEN', hosts: [127.0.0.1], key_file: DIR/key, allow_private: true}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Webhook.name() != "127.0.0.1" {
		t.Errorf("it is called %q", c.Webhook.name())
	}
	a := ways[core.ContactWebhook].Send(t.Context(), notify.Envelope{ID: "M-1", Event: core.EventSiteAdded, At: time.Now(), Life: time.Minute})
	if a.Verdict != notify.Accepted {
		t.Fatalf("%+v", a)
	}
	if r := <-told; !strings.HasPrefix(r.Header.Get(notify.HeaderSignature), "v1=") {
		t.Errorf("%+v", r.Header)
	}
}

// The log's collector is checked before anything starts.
func TestPushThatCannotBe(t *testing.T) {
	for config, want := range map[string]string{
		"log: {personal: true}\n":                                                 "log: push is missing",
		"log: {push: logs.example.com}\n":                                         "is not an address such as tls://",
		"log: {push: 'udp://logs.example.com:514'}\n":                             "is not an address such as tls://",
		"log: {push: 'tls://logs.example.com:70000'}\n":                           "is not an address such as tls://",
		"log: {push: 'tls://logs.example.com/x'}\n":                               "is not an address such as tls://",
		"log: {push: 'tcp://logs.example.com:601'}\n":                             "use tls://",
		"log: {push: 'tcp://127.0.0.1:601', ca_file: DIR/none.pem}\n":             "are for tls://",
		"log: {push: 'tls://logs.example.com', cert_file: DIR/none.pem}\n":        "go together",
		"log: {push: 'tls://logs.example.com', ca_file: DIR/none.pem}\n":          "there is no certificate in ",
		"log: {push: 'tls://logs.example.com', ca_file: DIR/gone.pem}\n":          "ca_file: ",
		"log: {push: 'tls://-x-:6514'}\n":                                         "wants its host",
		"log: {push: 'tls://a.example', tls: yes}\n":                              "unknown field",
		"log: {push: 'tls://a.example', cert_file: DIR/key, key_file: DIR/key}\n": "are not a certificate and its key",
	} {
		c, err := readConfig(writeConfigFile(t, config))
		if err == nil {
			_, err = (&parts{config: c}).pusher(slog.New(slog.DiscardHandler))
		}
		if err == nil || !strings.Contains(sentence(err), want) && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", config, err, want)
		}
	}
	for _, config := range []string{"log: {push: 'tls://logs.example.com'}\n", "log: {push: 'tcp://[::1]:601'}\n", "log: {push: 'tcp://10.0.0.7', allow_plain: true}\n"} {
		c, err := readConfig(writeConfigFile(t, config))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := (&parts{config: c}).pusher(slog.New(slog.DiscardHandler)); err != nil || p == nil {
			t.Errorf("%s: %v", config, err)
		}
	}
}
