package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"breakglass/core"
	"breakglass/store"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// The people of the demo, and where it listens.
const (
	demoSite    = "acme"
	demoManager = "eva"
	demoAuditor = "ann"
	demoListen  = "127.0.0.1:2222"
)

func demoCommand() *cobra.Command {
	var dir, listen string
	cmd := &cobra.Command{
		Use: "demo", Short: "Try everything on a small sample site, on this machine alone",
		Long: "Demo makes a small sample site, sets up a console for it on 127.0.0.1 and prints the\n" +
			"ssh lines of its owner, its manager and its auditor. Messages that would go out by\n" +
			"email and SMS are shown here instead. All of it is gone when you stop it.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), dir, listen, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&dir, "data", "", "an empty `DIR` for the demo's data, which is then kept")
	cmd.Flags().StringVar(&listen, "listen", demoListen, "another `ADDRESS` to listen on; loopback only")
	return cmd
}

// runDemo sets the demo up and serves it until ctx ends.
func runDemo(ctx context.Context, dir, listen string, out io.Writer) (err error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil || !loopback(host) {
		return &usageError{fmt.Errorf("--listen %q is not a loopback address and port, such as %s", listen, demoListen)}
	}
	dir, remove, err := demoDir(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	d := &demo{dir: dir, out: out}
	if err := d.open(ctx, listen); err != nil {
		return err
	}
	if err := d.tell(); err != nil {
		return errors.Join(err, d.listener.Close(), d.close())
	}
	return d.run(ctx)
}

// demoDir returns a fresh directory, and what removes it if nobody named it.
func demoDir(named string) (string, func() error, error) {
	keep := func() error { return nil }
	if named == "" {
		dir, err := os.MkdirTemp("", "breakglass-demo-")
		if err != nil {
			return "", keep, fmt.Errorf("make a directory for the demo: %w", err)
		}
		return dir, func() error { return os.RemoveAll(dir) }, nil
	}
	dir, err := filepath.Abs(named)
	if err != nil {
		return "", keep, fmt.Errorf("find %s: %w", named, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", keep, fmt.Errorf("make a directory for the demo: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", keep, fmt.Errorf("look into %s: %w", dir, err)
	}
	if len(entries) > 0 {
		return "", keep, fmt.Errorf("%s is not empty: another demo may be using it; give an empty directory, or none at all", dir)
	}
	return dir, keep, nil
}

// demo is a console on a sample site.
type demo struct {
	*service
	dir   string
	out   io.Writer
	kit   core.Kit
	setup int64 // lines of the log that the setup wrote

	printing sync.Mutex // messages come from several goroutines
}

// open makes the site, the keys, the people and the console.
func (d *demo) open(ctx context.Context, listen string) (err error) {
	root := filepath.Join(d.dir, "sites", demoSite)
	if err := os.MkdirAll(root, 0o755); err != nil { //nolint:gosec // a website is readable
		return fmt.Errorf("make the sample site: %w", err)
	}
	c := config{
		Listen: listen, Data: filepath.Join(d.dir, "data"), Roots: []string{filepath.Join(d.dir, "sites")},
		Mail: channelConfig{Provider: "file"}, SMS: channelConfig{Provider: "file"}, Retention: defaultRetention,
	}
	if c.Host, _, err = net.SplitHostPort(listen); err != nil {
		return err
	}
	if err := keepHostKey(c.Data); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(d.dir, "console.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the demo's log: %w", err)
	}
	// The log file stays open for as long as the process.
	if d.service, err = openService(ctx, c, slog.New(slog.NewTextHandler(log, nil)), d.show); err != nil {
		return errors.Join(err, log.Close())
	}
	// The port is ours: now the work that takes a moment.
	if err = makeSampleSite(ctx, root); err != nil {
		err = fmt.Errorf("make the sample site: %w", err)
	} else {
		err = d.setUp(ctx, root)
	}
	if err != nil {
		return errors.Join(err, d.listener.Close(), d.close())
	}
	return nil
}

// keepHostKey gives each demo of this user the same host key, so that the lines
// which the wizard shows meet no stale key in the user's own known_hosts.
func keepHostKey(data string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil //nolint:nilerr // a user without a home: openKeys makes a fresh one
	}
	_, text, err := sshKey(filepath.Join(cache, "breakglass-demo"), "host_key")
	if err != nil {
		return err
	}
	_, err = store.LoadOrCreate(filepath.Join(data, "keys"), "host_key", func() ([]byte, error) { return text, nil })
	return err
}

// setUp does what a manager does in advance.
func (d *demo) setUp(ctx context.Context, root string) error {
	for name, role := range map[string]core.Role{demoManager: core.RoleManager, demoAuditor: core.RoleAuditor} {
		public, err := demoKey(filepath.Join(d.dir, name+"_key"), name)
		if err != nil {
			return err
		}
		order := core.PersonOrder{ID: name, Role: role, Key: public}
		if role == core.RoleManager {
			order.Email = name + "@example.com"
		}
		if _, err := d.console.AddPerson(ctx, core.RootActor, order); err != nil {
			return err
		}
	}
	var err error
	d.kit, err = d.console.AddSite(ctx, core.RootActor, core.SiteOrder{
		ID: demoSite, Root: root, Title: "Acme Bakery", Call: "Eva the web manager, +31 20 555 0142",
		Emails: []string{"owner@example.com"}, Phones: []string{"+31612345678"},
	})
	if err != nil {
		return err
	}
	page, err := d.console.Log(ctx, core.RootActor, core.LogQuery{Limit: 1})
	if err != nil {
		return err
	}
	d.setup = page.Size
	return d.knowHost()
}

// demoKey makes a key pair and returns the public line.
func demoKey(path, name string) (string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a key for %s: %w", name, err)
	}
	block, err := ssh.MarshalPrivateKey(private, name)
	if err != nil {
		return "", fmt.Errorf("make a key for %s: %w", name, err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return "", fmt.Errorf("keep the key of %s: %w", name, err)
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("make a key for %s: %w", name, err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line))) + " " + name, nil
}

// knowHost writes the known_hosts file of the printed lines.
func (d *demo) knowHost() error {
	line := knownhosts.Line([]string{knownhosts.Normalize(d.listener.Addr().String())}, d.keys.host.PublicKey())
	if err := os.WriteFile(d.knownHosts(), []byte(line+"\n"), 0o600); err != nil {
		return fmt.Errorf("write known_hosts: %w", err)
	}
	return nil
}

func (d *demo) knownHosts() string { return filepath.Join(d.dir, "known_hosts") }

// line is what a person of the demo types.
func (d *demo) line(name string) string {
	host, port, err := net.SplitHostPort(d.listener.Addr().String())
	if err != nil {
		host, port = d.config.Host, fmt.Sprint(d.config.port())
	}
	line := fmt.Sprintf("ssh -p %s -o UserKnownHostsFile=%s", port, d.knownHosts())
	if name != demoSite {
		line += fmt.Sprintf(" -o IdentitiesOnly=yes -i %s", filepath.Join(d.dir, name+"_key"))
	}
	return line + " " + name + "@" + host
}

// tell prints what to type.
func (d *demo) tell() error {
	d.printing.Lock()
	defer d.printing.Unlock()
	_, err := fmt.Fprintf(d.out, `The demo is running. Leave it open and type one of these lines in a second terminal.

The owner, who needs the backup (the password is the emergency passphrase):
  %s
  Password: %s

The manager, who set it up:
  %s

The auditor, who trusts nobody:
  %s

Each message that would go out by email or SMS, the owner's code among them, is
shown below as it is sent. Ctrl+C ends the demo.
`, d.line(demoSite), d.kit.Passphrase.Reveal(), d.line(demoManager), d.line(demoAuditor))
	return err
}

// show prints a message as it is sent: a code and an SMS in full, a notice by
// email by its subject and where the rest can be read. The notices of the setup
// itself would only push the lines to type away.
func (d *demo) show(path, text string) {
	var leaf int64
	if _, err := fmt.Sscanf(filepath.Base(path), "M-%d-", &leaf); err == nil && leaf < d.setup {
		return
	}
	if strings.HasSuffix(path, ".eml") && !strings.Contains(filepath.Base(path), "-code") {
		head, _, _ := strings.Cut(text, "\n\n")
		text = head + "\n(all of it: " + path + ")"
	}
	d.printing.Lock()
	defer d.printing.Unlock()
	_, _ = fmt.Fprintf(d.out, "\n--- sent at %s\n%s\n", time.Now().Format("15:04:05"), strings.TrimSpace(text)) // a terminal that is gone
}
