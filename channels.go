package main

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/notify"
	"breakglass/store"
)

// secretName is where a secret may come from beside key_file: a systemd
// credential, or a variable of the environment, which other processes of this
// user see.
type secretName struct{ credential, variable string }

// secretNames lists them by provider.
var secretNames = map[string]secretName{
	"sendgrid": {"sendgrid_key", "BREAKGLASS_SENDGRID_KEY"},
	"smtp":     {"smtp_password", "BREAKGLASS_SMTP_PASSWORD"},
	"twilio":   {"twilio_secret", "BREAKGLASS_TWILIO_SECRET"},
	"webhook":  {"webhook_secret", "BREAKGLASS_WEBHOOK_SECRET"},
}

// channels builds the ways out that the config names.
func channels(c config, sent func(path, text string), log *slog.Logger) (map[core.ContactKind]notify.Channel, error) {
	out := make(map[core.ContactKind]notify.Channel)
	dir := filepath.Join(c.Data, "outgoing")
	for _, way := range []struct {
		kind   core.ContactKind
		config channelConfig
		name   string
	}{
		{core.ContactEmail, c.Mail, "mail"},
		{core.ContactPhone, c.SMS, "sms"},
	} {
		switch way.config.Provider {
		case "":
			continue
		case "file":
			out[way.kind] = &notify.File{Dir: dir, From: orDefault(way.config.From, "breakglass@example.invalid"), Sent: sent}
			continue
		}
		channel, err := provider(way.config, c.Host, log)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way.name, err)
		}
		out[way.kind] = channel
	}
	if c.Webhook.URL != "" {
		hook, err := webhook(c.Webhook, log)
		if err != nil {
			return nil, fmt.Errorf("webhook: %w", err)
		}
		out[core.ContactWebhook] = hook
	}
	return out, nil
}

// mute lists the kinds of contact that nothing can be sent to.
func (c config) mute() (kinds []core.ContactKind) {
	if c.Mail.Provider == "" {
		kinds = append(kinds, core.ContactEmail)
	}
	if c.SMS.Provider == "" {
		kinds = append(kinds, core.ContactPhone)
	}
	return kinds
}

// provider builds one channel; host is this machine's name, as told to a mail
// server.
func provider(c channelConfig, host string, log *slog.Logger) (notify.Channel, error) {
	var secret core.Secret
	var err error
	if c.Provider != "smtp" || c.User != "" { // a mail server may let this machine in by its address
		if secret, err = providerSecret(c.KeyFile, secretNames[c.Provider], log); err != nil {
			return nil, err
		}
	}
	switch c.Provider {
	case "sendgrid":
		return notify.NewSendGrid(secret, c.From, "")
	case "smtp":
		roots, err := readRoots(c.SMTP.CAFile)
		if err != nil {
			return nil, err
		}
		return notify.NewSMTP(notify.SMTPOptions{
			Host: c.SMTP.Host, Port: c.SMTP.Port, TLS: c.SMTP.TLS, User: c.User, Password: secret, Auth: c.SMTP.Auth, From: c.From, Hello: host, Roots: roots,
		})
	default:
		return notify.NewTwilio(notify.TwilioOptions{Account: c.Account, User: orDefault(c.User, c.Account), Secret: secret, From: c.From})
	}
}

func webhook(c webhookConfig, log *slog.Logger) (notify.Channel, error) {
	secret, err := providerSecret(c.KeyFile, secretNames["webhook"], log)
	if err != nil {
		return nil, err
	}
	return notify.NewWebhook(notify.WebhookOptions{URL: c.URL, Secret: secret, Hosts: c.Hosts, AllowPrivate: c.AllowPrivate})
}

// readRoots reads the certificates of the authorities that may vouch for a mail
// server; nil, the system's, where no file is named.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := readCapped(path, maxConfig)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca_file: there is no certificate in %s; it holds lines from BEGIN CERTIFICATE to END CERTIFICATE", path)
	}
	return roots, nil
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// providerSecret finds a provider's secret: in the file that the config names,
// else as a systemd credential, else, with a warning, in the environment.
func providerSecret(file string, from secretName, log *slog.Logger) (core.Secret, error) {
	if file == "" {
		if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
			path := filepath.Join(dir, from.credential)
			if _, err := os.Stat(path); err == nil { //nolint:gosec // the directory is named by systemd
				file = path
			}
		}
	}
	if file != "" {
		return secretFile(file)
	}
	if text := strings.TrimSpace(os.Getenv(from.variable)); text != "" {
		log.Warn("a secret came by the environment, where other processes may see it; use key_file or a systemd credential", "variable", from.variable)
		return core.NewSecret(text), nil
	}
	return core.Secret{}, fmt.Errorf("the provider's secret is missing: name a file of mode 0600 as key_file, or set %s", from.variable)
}

func secretFile(path string) (core.Secret, error) {
	text, err := store.LoadSecret(path)
	if err != nil {
		return core.Secret{}, fmt.Errorf("key_file: %w", err)
	}
	return core.NewSecret(strings.TrimSpace(string(text))), nil
}
