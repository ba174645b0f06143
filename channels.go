package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/notify"
	"breakglass/store"
)

// The names under which a provider's secret may come: as a systemd credential,
// or as a variable of the environment, which other processes of this user see.
const (
	mailCredential, mailVariable = "sendgrid_key", "BREAKGLASS_SENDGRID_KEY"
	smsCredential, smsVariable   = "twilio_secret", "BREAKGLASS_TWILIO_SECRET"
)

// channels builds the ways out that the config names.
func channels(c config, sent func(path, text string), log *slog.Logger) (map[core.ContactKind]notify.Channel, error) {
	out := make(map[core.ContactKind]notify.Channel)
	dir := filepath.Join(c.Data, "outgoing")
	for _, way := range []struct {
		kind                       core.ContactKind
		config                     channelConfig
		name, credential, variable string
	}{
		{core.ContactEmail, c.Mail, "mail", mailCredential, mailVariable},
		{core.ContactPhone, c.SMS, "sms", smsCredential, smsVariable},
	} {
		switch way.config.Provider {
		case "":
			continue
		case "file":
			out[way.kind] = &notify.File{Dir: dir, From: orDefault(way.config.From, "breakglass@example.invalid"), Sent: sent}
			continue
		}
		secret, err := providerSecret(way.config.KeyFile, way.credential, way.variable, log)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way.name, err)
		}
		if out[way.kind], err = provider(way.config, secret); err != nil {
			return nil, fmt.Errorf("%s: %w", way.name, err)
		}
	}
	return out, nil
}

func provider(c channelConfig, secret core.Secret) (notify.Channel, error) {
	if c.Provider == "sendgrid" {
		return notify.NewSendGrid(secret, c.From, "")
	}
	return notify.NewTwilio(notify.TwilioOptions{Account: c.Account, User: orDefault(c.User, c.Account), Secret: secret, From: c.From})
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// providerSecret finds a provider's secret: in the file that the config names,
// else as a systemd credential, else, with a warning, in the environment.
func providerSecret(file, credential, variable string, log *slog.Logger) (core.Secret, error) {
	if file == "" {
		if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
			path := filepath.Join(dir, credential)
			if _, err := os.Stat(path); err == nil { //nolint:gosec // the directory is named by systemd
				file = path
			}
		}
	}
	if file != "" {
		return secretFile(file)
	}
	if text := strings.TrimSpace(os.Getenv(variable)); text != "" {
		log.Warn("a secret came by the environment, where other processes may see it; use key_file or a systemd credential", "variable", variable)
		return core.NewSecret(text), nil
	}
	return core.Secret{}, fmt.Errorf("the provider's secret is missing: name a file of mode 0600 as key_file, or set %s", variable)
}

func secretFile(path string) (core.Secret, error) {
	text, err := store.LoadSecret(path)
	if err != nil {
		return core.Secret{}, fmt.Errorf("key_file: %w", err)
	}
	return core.NewSecret(strings.TrimSpace(string(text))), nil
}
