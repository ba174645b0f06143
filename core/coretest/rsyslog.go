package coretest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Rsyslog is a real rsyslogd of a test's own: a process with a configuration and
// a port of its own, which takes messages in frames with a count of bytes, reads
// them by RFC 5424 and writes what it has read to a file. Make it with
// [NewRsyslog]. Its methods are for one goroutine at a time.
type Rsyslog struct {
	Port   int
	CAFile string         // who vouches for it, in PEM; "" without TLS
	Roots  *x509.CertPool // the same

	t   testing.TB
	dir string
	cmd *exec.Cmd
}

// Taken is one message as rsyslogd has read it.
type Taken struct {
	Priority int               `json:"pri,string"`
	Version  int               `json:"version,string"` // of the protocol: 1
	Time     time.Time         `json:"time"`
	Host     string            `json:"host"`
	Program  string            `json:"program"`
	Event    string            `json:"event"` // MSGID
	Message  string            `json:"message"`
	Fields   map[string]string `json:"-"` // of breakglass@32473

	Data struct {
		Structured map[string]map[string]string `json:"rfc5424-sd"` // by its ID
	} `json:"data"`
}

// NewRsyslog makes a collector and starts it; the end of the test stops it. A
// machine without rsyslogd fails the test: `task setup` installs it.
func NewRsyslog(t testing.TB, secured bool) *Rsyslog {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Rsyslog{t: t, dir: t.TempDir(), Port: listener.Addr().(*net.TCPAddr).Port} //nolint:forcetypeassert // it is one of TCP
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if secured {
		r.certify()
	}
	r.must(os.WriteFile(r.path("rsyslog.conf"), []byte(r.config()), 0o600))
	r.Start()
	t.Cleanup(r.Stop)
	return r
}

func (r *Rsyslog) path(name string) string { return filepath.Join(r.dir, name) }

func (r *Rsyslog) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// config is that of a collector as it is set up elsewhere, but for its places.
// What it has read and not written yet it keeps through a restart.
func (r *Rsyslog) config() string {
	driver := ""
	if r.CAFile != "" {
		driver = ` StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"`
	}
	return fmt.Sprintf(`global(workDirectory="%[1]s" defaultNetstreamDriverCAFile="%[1]s/ca.pem" defaultNetstreamDriverCertFile="%[1]s/ca.pem" defaultNetstreamDriverKeyFile="%[1]s/key.pem")
module(load="mmpstrucdata")
module(load="imtcp"%[2]s)
input(type="imtcp" address="127.0.0.1" port="%[3]d" ruleset="take")
template(name="taken" type="list") {
	constant(value="{")
	property(outname="pri" name="pri" format="jsonf") constant(value=",")
	property(outname="version" name="protocol-version" format="jsonf") constant(value=",")
	property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf") constant(value=",")
	property(outname="host" name="hostname" format="jsonf") constant(value=",")
	property(outname="program" name="app-name" format="jsonf") constant(value=",")
	property(outname="event" name="msgid" format="jsonf") constant(value=",")
	property(outname="message" name="msg" format="jsonf") constant(value=",")
	constant(value="\"data\":") property(name="$!all-json") constant(value="}\n")
}
ruleset(name="take" queue.type="LinkedList" queue.filename="taken" queue.saveOnShutdown="on" queue.timeoutShutdown="10000") {
	action(type="mmpstrucdata" jsonRoot="$!" sd_name.lowercase="off")
	action(type="omfile" file="%[1]s/taken" template="taken")
}
action(type="omfile" file="%[1]s/own")
`, r.dir, driver, r.Port)
}

// certify makes a certificate that vouches for itself.
func (r *Rsyslog) certify() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	r.must(err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	r.must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	r.must(err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	r.CAFile, r.Roots = r.path("ca.pem"), x509.NewCertPool()
	r.Roots.AppendCertsFromPEM(certificate)
	r.must(os.WriteFile(r.CAFile, certificate, 0o600))
	r.must(os.WriteFile(r.path("key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

// Start starts it again and returns once it listens.
func (r *Rsyslog) Start() {
	r.t.Helper()
	r.cmd = exec.Command("rsyslogd", "-n", "-C", "-f", r.path("rsyslog.conf"), "-i", r.path("pid")) //nolint:gosec // of Debian, with paths of the test
	r.cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if path, err := exec.LookPath("/usr/sbin/rsyslogd"); err == nil {
		r.cmd.Path, r.cmd.Err = path, nil
	}
	var said bytes.Buffer
	r.cmd.Stdout, r.cmd.Stderr = &said, &said
	if err := r.cmd.Start(); err != nil {
		r.t.Fatalf("rsyslogd, which `task setup` installs: %v", err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port)))
		if err == nil {
			r.must(conn.Close())
			return
		}
		if time.Now().After(deadline) {
			own, _ := os.ReadFile(r.path("own")) //nolint:errcheck // it may have said nothing
			r.t.Fatalf("rsyslogd does not listen: %v; it said: %s%s (for TLS it needs rsyslog-gnutls, which `task setup` installs)", err, said.Bytes(), own)
		}
	}
}

// Stop stops it as the system would.
func (r *Rsyslog) Stop() {
	if r.cmd == nil {
		return
	}
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Error(err)
	}
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("rsyslogd: %v", err)
	}
	r.cmd = nil
}

// Taken returns what it has read so far, in order. A message that is not of RFC
// 5424 fails the test.
func (r *Rsyslog) Taken() []Taken {
	r.t.Helper()
	text, err := os.ReadFile(r.path("taken"))
	if os.IsNotExist(err) {
		return nil
	}
	r.must(err)
	var all []Taken
	for lines := bufio.NewReader(bytes.NewReader(text)); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return all // the last may be half written
		}
		var one Taken
		if err := json.Unmarshal(line, &one); err != nil {
			r.t.Fatalf("%s: %v", line, err)
		}
		one.Fields = one.Data.Structured["breakglass@32473"]
		if one.Version != 1 || one.Fields == nil {
			r.t.Fatalf("rsyslogd read no message of ours by RFC 5424: %s", line)
		}
		all = append(all, one)
	}
}
