package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"breakglass/core"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
)

// maxKeyFile is far above any public key, in bytes.
const maxKeyFile = 64 << 10

// initOrder is what the command line of init says.
type initOrder struct {
	config, name, keyFile, email, phone string
	data                                string // the data directory of a config that is yet to be written
	add                                 bool
}

func initCommand() *cobra.Command {
	var o initOrder
	cmd := &cobra.Command{
		Use:   "init --manager-key FILE",
		Short: "Set up the console: its config, its keys and its first manager",
		Long: "Init writes breakglass.yaml with its defaults, unless it is there; makes the data\n" +
			"directory and the keys in it (--data DIR: there, to try it without the directories of\n" +
			"the system); and lets the first manager in by a public key. With\n" +
			"--add-manager it lets one more in, for when a manager's key is lost: stop the\n" +
			"console meanwhile. Both are lines of the log.",
		Example: "  breakglass init --manager eva --manager-key ~/.ssh/id_ed25519.pub --email eva@example.com",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.keyFile == "" {
				return &usageError{errors.New("give the manager's public key: --manager-key ~/.ssh/id_ed25519.pub")}
			}
			return o.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	configFlag(cmd, &o.config)
	cmd.Flags().StringVar(&o.keyFile, "manager-key", "", "the manager's public key: a `FILE` such as ~/.ssh/id_ed25519.pub, or - for standard input")
	cmd.Flags().StringVar(&o.name, "manager", "manager", "the manager's `NAME`, to log in with")
	cmd.Flags().StringVar(&o.email, "email", "", "the manager's mail `ADDRESS`, for notices")
	cmd.Flags().StringVar(&o.phone, "phone", "", "the manager's mobile `NUMBER`, for notices")
	cmd.Flags().StringVar(&o.data, "data", "", "the `DIR` for the database, the keys and the archives, written into a new config; without it "+defaultData+", or beside the config for who is not root")
	cmd.Flags().BoolVar(&o.add, "add-manager", false, "add a manager to a console that has one")
	return cmd
}

func (o initOrder) run(ctx context.Context, out io.Writer) error {
	key, err := readKeyFile(o.keyFile)
	if err != nil {
		return err
	}
	if err := o.checkKey(key); err != nil {
		return err
	}
	if err := o.writeConfig(out); err != nil {
		return err
	}
	c, err := readConfig(o.config)
	if err != nil {
		return err
	}
	p, err := openParts(ctx, c, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	return errors.Join(o.addManager(ctx, p, key, out), p.close())
}

// checkKey sees to it that nothing is made for a key that would be refused in
// the end.
func (o initOrder) checkKey(key string) error {
	if strings.Contains(key, "PRIVATE KEY") {
		return fmt.Errorf("%s is a PRIVATE key, which must never leave your machine; give the .pub file beside it", o.keyFile)
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key)); err != nil {
		return fmt.Errorf("%s holds no public key; give a .pub file, with one line such as “ssh-ed25519 AAAA… name”: %w", o.keyFile, err)
	}
	return nil
}

func (o initOrder) addManager(ctx context.Context, p *parts, key string, out io.Writer) error {
	people, err := p.console.People(ctx, core.RootActor)
	if err != nil {
		return err
	}
	if len(people) > 0 && !o.add {
		return errors.New("this console is set up already; to let one more manager in use --add-manager, or `person add` over ssh")
	}
	person, err := p.console.AddPerson(ctx, core.RootActor, core.PersonOrder{
		ID: o.name, Role: core.RoleManager, Key: key, Email: o.email, Phone: o.phone,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Manager %s may log in with the key %s.\nHost key: %s\nStart the console with: breakglass serve%s\nThen: %s\n",
		person.ID, person.Keys[0].Fingerprint, ssh.FingerprintSHA256(p.keys.host.PublicKey()), o.configWords(), sshLine(p.config, person.ID, "help"))
	return err
}

// configWords repeats --config where it is not the default.
func (o initOrder) configWords() string {
	if o.config == defaultConfig {
		return ""
	}
	return " --config " + o.config
}

// usualRoots are where sites lie on most machines; the first one that is there
// stands in the config that init writes.
var usualRoots = []string{"/var/www", "/srv/www", "/srv", "/home"}

// sample is the config that init writes: its data directory and its root.
const sample = `# The configuration of breakglass. An unknown key is an error.

listen: 0.0.0.0:2222          # address and port of the SSH server
# host: console.example.com   # the name that people type after the @; else this machine's own
data: %s   # the database, the keys and the archives
roots:                        # where sites may lie
  - %s
retention: 168h               # how long archives are kept
# archive: tar.zst            # how archives are packed: tar.zst is smaller, tar.gz (the default) opens anywhere

# How codes and notices leave. The secret comes from key_file (mode 0600), from a
# systemd credential (sendgrid_key, smtp_password, twilio_secret, webhook_secret)
# or, with a warning, from the environment (BREAKGLASS_SENDGRID_KEY,
# BREAKGLASS_SMTP_PASSWORD, BREAKGLASS_TWILIO_SECRET, BREAKGLASS_WEBHOOK_SECRET).
# Try each with: breakglass channel test --to ADDRESS
#
# mail:
#   provider: sendgrid
#   from: breakglass@example.com
#   key_file: /etc/breakglass/sendgrid.key
# mail:                       # or a mail server of your own
#   provider: smtp
#   from: breakglass@example.com
#   host: mail.example.com
#   tls: starttls             # or tls from the first byte; none for this machine alone
#   user: breakglass
#   key_file: /etc/breakglass/smtp.key
# sms:
#   provider: twilio
#   from: "+15005550006"
#   account: AC0123456789abcdef0123456789abcdef
#   key_file: /etc/breakglass/twilio.key
# webhook:                    # a chat or a pager that is told every step, never a code
#   url: https://chat.example.com/hook
#   hosts: [chat.example.com]
#   key_file: /etc/breakglass/webhook.key

# Where the log is pushed to as it grows: a syslog collector.
#
# log:
#   push: tls://logs.example.com:6514
#   ca_file: /etc/breakglass/logs-ca.pem   # else the system's authorities
#   personal: false           # addresses and reasons too: they cannot be erased there
`

// writeConfig writes the sample, unless there is a config.
func (o initOrder) writeConfig(out io.Writer) error {
	if _, err := os.Stat(o.config); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return err
		}
		return o.sameData()
	}
	if o.add {
		return fmt.Errorf("there is no %s to add a manager to; say where it is with --config", o.config)
	}
	data, err := o.dataDir()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(o.config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the config: %w", err)
	}
	_, err = fmt.Fprintf(f, sample, yamlText(data), usualRoot())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the config: %w", err)
	}
	_, err = fmt.Fprintf(out, "Wrote %s: look it through, above all roots, mail and sms.\n", o.config)
	return err
}

// dataDir is the data directory of a new config.
func (o initOrder) dataDir() (string, error) {
	data := o.data
	switch {
	case strings.ContainsFunc(data, unicode.IsControl):
		return "", &usageError{errors.New("--data holds a control character; give a plain directory")}
	case data != "":
	case os.Geteuid() == 0:
		return defaultData, nil
	default: // who is not root keeps the data beside the config
		data = filepath.Join(filepath.Dir(o.config), "breakglass-data")
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return "", fmt.Errorf("find the data directory: %w", err)
	}
	return data, nil
}

// sameData refuses a --data other than that of the config that is there.
func (o initOrder) sameData() error {
	if o.data == "" {
		return nil
	}
	c, err := readConfig(o.config)
	if err != nil {
		return err
	}
	if data, err := o.dataDir(); err != nil || data != c.Data {
		return errors.Join(err, fmt.Errorf("%s is there and says data: %s; change that line, or leave --data out", o.config, c.Data))
	}
	return nil
}

// yamlText is a text as YAML takes it for itself.
func yamlText(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

func usualRoot() string {
	for _, root := range usualRoots {
		if info, err := os.Stat(root); err == nil && info.IsDir() {
			return root
		}
	}
	return usualRoots[0]
}

// readKeyFile reads a public key from a file, or from standard input for "-".
func readKeyFile(path string) (string, error) {
	if path == "-" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, maxKeyFile))
		if err != nil {
			return "", fmt.Errorf("read the public key: %w", err)
		}
		return string(text), nil
	}
	text, err := readCapped(path, maxKeyFile)
	if err != nil {
		return "", fmt.Errorf("read the public key: %w", err)
	}
	return string(text), nil
}
