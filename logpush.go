package main

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"

	"breakglass/core"
	"breakglass/core/notify"
)

// logConfig is where the log is pushed to as it grows.
type logConfig struct {
	Push       string `yaml:"push"`        // tls://host:port or tcp://host:port of a syslog collector
	CAFile     string `yaml:"ca_file"`     // PEM: who may vouch for the collector, in place of the system's authorities
	CertFile   string `yaml:"cert_file"`   // PEM: what this console shows of itself, if the collector wants that
	KeyFile    string `yaml:"key_file"`    // PEM, 0600 and ours: the key of cert_file
	Personal   bool   `yaml:"personal"`    // push what is personal too, which then cannot be erased there
	AllowPlain bool   `yaml:"allow_plain"` // let tcp:// go to another machine
}

// check refuses what could not be pushed, or not safely.
func (l logConfig) check() error {
	if l.Push == "" {
		if l != (logConfig{}) {
			return errors.New("log: push is missing: where the log is pushed to, such as tls://logs.example.com:6514")
		}
		return nil
	}
	host, _, plain, err := l.target()
	switch {
	case err != nil:
		return err
	case plain && !l.AllowPlain && !loopback(host):
		return errors.New("log: push by tcp:// would let the network read and change the log; use tls://, or set allow_plain: true where the way is safe")
	case plain && (l.CAFile != "" || l.CertFile != "" || l.KeyFile != ""):
		return errors.New("log: ca_file, cert_file and key_file are for tls://")
	case (l.CertFile == "") != (l.KeyFile == ""):
		return errors.New("log: cert_file and key_file go together")
	}
	return nil
}

// target reads the address.
func (l logConfig) target() (host string, port int, plain bool, err error) {
	bad := fmt.Errorf("log: push %q is not an address such as tls://logs.example.com:6514 or tcp://127.0.0.1:601", l.Push)
	u, err := url.Parse(l.Push)
	if err != nil || (u.Scheme != "tls" && u.Scheme != "tcp") || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", 0, false, bad
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return "", 0, false, bad
		}
	}
	return u.Hostname(), port, u.Scheme == "tcp", nil
}

// options is what the console is told of the push.
func (l logConfig) options() core.PushOptions {
	return core.PushOptions{Target: l.Push, Personal: l.Personal}
}

// pusher builds what pushes the log; nil where it is not pushed.
func (p *parts) pusher(log *slog.Logger) (*notify.Pusher, error) {
	l := p.config.Log
	if l.Push == "" {
		return nil, nil
	}
	host, port, plain, err := l.target()
	if err != nil {
		return nil, err
	}
	o := notify.SyslogOptions{Host: host, Port: port, Plain: plain}
	if o.Roots, err = readRoots(l.CAFile); err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	if l.CertFile != "" {
		if o.Certificate, err = readPair(l.CertFile, l.KeyFile); err != nil {
			return nil, err
		}
	}
	collector, err := notify.NewSyslog(o)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	return notify.NewPusher(notify.PusherOptions{
		Log: p.console, Collector: collector, Clock: p.clock, Random: rand.Reader, Operator: log.With("collector", net.JoinHostPort(host, strconv.Itoa(port))),
	}), nil
}

// readPair reads a certificate and its key.
func readPair(certFile, keyFile string) (*tls.Certificate, error) {
	cert, err := readCapped(certFile, maxConfig)
	if err != nil {
		return nil, fmt.Errorf("log: cert_file: %w", err)
	}
	key, err := secretFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, []byte(key.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("log: cert_file and key_file are not a certificate and its key in PEM: %w", err)
	}
	return &pair, nil
}
