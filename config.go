package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"breakglass/core/backup"

	"github.com/goccy/go-yaml"
)

// config is breakglass.yaml. It is strict: an unknown key is an error that
// points at its line.
type config struct {
	Listen    string        `yaml:"listen"`    // address:port of the SSH server
	Host      string        `yaml:"host"`      // the name that people type after the @
	Data      string        `yaml:"data"`      // where everything is kept
	Roots     []string      `yaml:"roots"`     // where sites may lie
	Mail      channelConfig `yaml:"mail"`      // how email leaves
	SMS       channelConfig `yaml:"sms"`       // how SMS leaves
	Webhook   webhookConfig `yaml:"webhook"`   // a chat or pager that is told every step
	Log       logConfig     `yaml:"log"`       // where the log is pushed to
	Retention time.Duration `yaml:"retention"` // how long archives are kept
	Rehearsal drillConfig   `yaml:"rehearsal"` // how finished archives are tried out
	Archive   backup.Format `yaml:"archive"`   // how archives are packed
}

// channelConfig is one way out. Its secret never stands in the file: it comes
// from key_file or, with a warning, from the environment.
type channelConfig struct {
	Provider string `yaml:"provider"` // mail: sendgrid, smtp or file; sms: twilio or file
	From     string `yaml:"from"`     // the sender's address or number
	Account  string `yaml:"account"`  // twilio: the account SID
	User     string `yaml:"user"`     // twilio: the API key SID; empty: the account's. smtp: who logs in; empty: nobody
	KeyFile  string `yaml:"key_file"` // a file with the secret, 0600 and ours

	SMTP smtpConfig `yaml:",inline"`
}

// smtpConfig is what only a mail server of one's own needs.
type smtpConfig struct {
	Host   string `yaml:"host"`
	Port   int    `yaml:"port"`    // 0: the usual one for tls
	TLS    string `yaml:"tls"`     // starttls (the default), tls or none
	Auth   string `yaml:"auth"`    // plain, login or scram; empty: the best that the server offers
	CAFile string `yaml:"ca_file"` // PEM: who may vouch for the server, in place of the system's authorities
}

// webhookConfig is where every notice is posted. Its secret comes like a
// provider's.
type webhookConfig struct {
	URL          string   `yaml:"url"`
	Hosts        []string `yaml:"hosts"`
	KeyFile      string   `yaml:"key_file"`
	AllowPrivate bool     `yaml:"allow_private"`
}

// name is what the outbox calls the webhook: its host, for the rest of a url may
// be a secret.
func (w webhookConfig) name() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// check refuses a webhook that could not be told apart from none.
func (w webhookConfig) check() error {
	switch {
	case w.URL == "" && (len(w.Hosts) > 0 || w.KeyFile != "" || w.AllowPrivate):
		return errors.New("webhook: url is missing: where notices are posted to, such as https://chat.example.com/hook")
	case w.URL != "" && w.name() == "":
		return errors.New("webhook: url names no host; give one such as https://chat.example.com/hook")
	}
	return nil
}

const (
	defaultListen    = "0.0.0.0:2222"
	defaultData      = "/var/lib/breakglass"
	defaultRetention = 7 * 24 * time.Hour
	maxConfig        = 1 << 20
)

// readConfig reads and checks the file.
func readConfig(path string) (config, error) {
	text, err := readCapped(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return config{}, fmt.Errorf("there is no %s; make one with `breakglass init --manager-key FILE`", path)
	}
	if err != nil {
		return config{}, fmt.Errorf("read %s: %w", path, err)
	}
	c := config{Listen: defaultListen, Data: defaultData, Retention: defaultRetention}
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return config{}, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, true))
	}
	if err := c.check(); err != nil {
		return config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func readCapped(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("it is not a file of at most %d bytes", limit)
	}
	return os.ReadFile(path) //nolint:gosec // the path is the operator's own
}

// check says in one sentence what cannot be right.
func (c *config) check() error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %q is not ADDRESS:PORT, such as 0.0.0.0:2222", c.Listen)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("listen: %q is not a port", port)
	}
	if !filepath.IsAbs(c.Data) {
		return fmt.Errorf("data: %q must be an absolute path", c.Data)
	}
	if len(c.Roots) == 0 {
		return errors.New("roots: name at least one directory under which sites may lie, such as /var/www")
	}
	for _, root := range c.Roots {
		if !filepath.IsAbs(root) {
			return fmt.Errorf("roots: %q must be an absolute path", root)
		}
	}
	if c.Retention < time.Hour {
		return errors.New("retention: keep archives for at least 1h, such as 168h")
	}
	format, err := backup.ParseFormat(string(c.Archive))
	if err != nil {
		return fmt.Errorf("archive: tar.gz or tar.zst, not %q", c.Archive)
	}
	c.Archive = format
	if c.Host == "" {
		if c.Host, err = os.Hostname(); err != nil {
			return fmt.Errorf("host: give the name that people type after the @: %w", err)
		}
	}
	return errors.Join(
		c.Mail.check("mail", host, "sendgrid", "smtp"), c.SMS.check("sms", host, "twilio"), c.Webhook.check(), c.Rehearsal.check(), c.Log.check(),
	)
}

// findRoots refuses roots that are not there. Only a console needs them: a
// channel can be tried on a machine without sites.
func (c *config) findRoots() error {
	for _, root := range c.Roots {
		if info, err := os.Stat(root); err != nil || !info.IsDir() {
			return fmt.Errorf("roots: there is no directory %q; name one under which sites lie", root)
		}
	}
	return nil
}

// check refuses an incomplete channel. Files instead of messages are for a
// server that only this machine can reach: anyone who reads them has the code.
func (c channelConfig) check(name, listenHost string, providers ...string) error {
	switch {
	case c.Provider == "file":
		if !loopback(listenHost) {
			return fmt.Errorf("%s: provider file is refused unless the server listens on loopback (listen: 127.0.0.1:2222)", name)
		}
		return nil
	case c == channelConfig{}:
		return nil
	case !slices.Contains(providers, c.Provider):
		return fmt.Errorf("%s: provider is %s or file, not %q", name, strings.Join(providers, ", "), c.Provider)
	case c.From == "":
		return fmt.Errorf("%s: from is missing: the sender's address", name)
	case c.Provider == "twilio" && c.Account == "":
		return fmt.Errorf("%s: account is missing: the account SID", name)
	case c.Provider == "smtp" && c.SMTP.Host == "":
		return fmt.Errorf("%s: host is missing: the mail server's name", name)
	case c.Provider != "smtp" && c.SMTP != (smtpConfig{}):
		return fmt.Errorf("%s: host, port, tls, auth and ca_file are for provider smtp, not for %s", name, c.Provider)
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// port is the number that the server listens on.
func (c config) port() int {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}
