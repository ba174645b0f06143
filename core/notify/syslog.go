package notify

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"
	"time"

	"breakglass/core"
)

// SyslogOptions is what a [Syslog] is built from.
type SyslogOptions struct {
	Host        string
	Port        int              // 0: 6514 by TLS, 601 without
	Plain       bool             // no TLS: whoever is on the way reads and changes the lines
	Roots       *x509.CertPool   // who may vouch for the collector; nil: the system's
	Certificate *tls.Certificate // what this console shows of itself; nil: nothing
}

// Syslog delivers messages to a collector by RFC 5425 (TLS) or RFC 6587 (TCP), in
// frames with a count of bytes. Make it with [NewSyslog]; it is safe for
// concurrent use.
type Syslog struct {
	address string
	tls     *tls.Config   // nil: TCP
	stage   time.Duration // that the collector may take for one piece, and for the end
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// The bounds of a delivery.
const (
	collectorStage = 30 * time.Second
	collectorPiece = 16 << 10 // bytes written at once
)

// NewSyslog returns a collector, or says what is missing.
func NewSyslog(o SyslogOptions) (*Syslog, error) {
	switch {
	case !isHost(o.Host):
		return nil, core.Refuse(core.ErrInvalid, "A collector wants its host, such as tls://logs.example.com:6514.")
	case o.Port < 0 || o.Port > 65535:
		return nil, core.Refuse(core.ErrInvalid, "A port is a number from 1 to 65535.")
	}
	port := o.Port
	s := &Syslog{stage: collectorStage, dial: (&net.Dialer{Timeout: dialTime}).DialContext}
	if !o.Plain {
		s.tls = &tls.Config{ServerName: o.Host, MinVersion: tls.VersionTLS12, RootCAs: o.Roots}
		if o.Certificate != nil {
			s.tls.Certificates = []tls.Certificate{*o.Certificate}
		}
	}
	switch {
	case port == 0 && o.Plain:
		port = 601
	case port == 0:
		port = 6514
	}
	s.address = net.JoinHostPort(o.Host, strconv.Itoa(port))
	return s, nil
}

// Deliver implements [Collector]. Syslog has no receipts, and what TCP has taken
// may still be lost with the program behind it. So each batch has a connection of
// its own, which we close for writing behind the last message: the collector has
// read all of it when it closes its side in turn, as RFC 5425, section 4.4, asks
// of it. A collector that dies before resets the connection or stays silent.
func (s *Syslog) Deliver(ctx context.Context, messages []string) (err error) {
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp()
	raw, err := s.dial(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoCollector, err)
	}
	paced, err := newPacedConn(ctx, raw, s.stage)
	if err != nil {
		return errors.Join(err, raw.Close())
	}
	defer func() { _ = paced.Close() }() // either it is closed on both sides, or there is an error already
	conn, closeWrite, err := s.protect(ctx, paced, raw)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoCollector, err)
	}
	if err := errors.Join(writeFrames(conn, messages), paced.begin(), closeWrite()); err != nil {
		_, why := io.Copy(io.Discard, conn)                           // an alert that came before the reset
		return fmt.Errorf("%w: %w", errCutOff, errors.Join(why, err)) // the alert first: it says more
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return fmt.Errorf("%w: %w", errUnconfirmed, err)
	}
	return nil
}

// writeFrames writes messages by RFC 6587, section 3.4.1.
func writeFrames(w io.Writer, messages []string) error {
	out := bufio.NewWriterSize(w, collectorPiece)
	for _, m := range messages {
		if _, err := fmt.Fprintf(out, "%d %s", len(m), m); err != nil {
			return err
		}
	}
	return out.Flush()
}

// protect shakes hands where the collector wants TLS. It returns what ends our
// side of the connection.
func (s *Syslog) protect(ctx context.Context, paced *pacedConn, raw net.Conn) (net.Conn, func() error, error) {
	if s.tls == nil {
		half, ok := raw.(interface{ CloseWrite() error })
		if !ok {
			return nil, nil, errors.ErrUnsupported
		}
		return paced, half.CloseWrite, nil
	}
	conn := tls.Client(paced, s.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, nil, err
	}
	return conn, conn.CloseWrite, nil
}

// What went wrong with a collector, for the sentence that people read.
var (
	errNoCollector = errors.New("no connection")
	errCutOff      = errors.New("the connection broke")
	errUnconfirmed = errors.New("no end")
)

// collectorProblem says in one line, without an address, why a batch did not
// arrive.
func collectorProblem(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var alert *net.OpError // crypto/tls's own error of an alert has no name
	var slow net.Error
	switch {
	case errors.As(err, &unknown):
		return "the collector's certificate is of an authority that is not trusted here; name its ca_file"
	case errors.As(err, &name):
		return "the collector's certificate is for another name"
	case errors.As(err, &invalid):
		return "the collector's certificate is not valid, or no longer"
	case errors.As(err, &alert) && alert.Op == "remote error":
		return "the collector refuses this console's certificate or TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens at the collector's address"
	case errors.Is(err, errUnconfirmed) && errors.As(err, &slow) && slow.Timeout():
		return "the collector did not close the connection behind the last line, so it may not have read it"
	case errors.As(err, &slow) && slow.Timeout():
		return "the collector does not answer in time"
	case errors.Is(err, errUnconfirmed), errors.Is(err, errCutOff):
		return "the collector broke the connection off before it had read all lines"
	case errors.Is(err, errNoCollector):
		return "the collector cannot be reached"
	}
	return "the lines could not be handed over"
}
