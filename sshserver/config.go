package sshserver

import (
	"errors"
	"fmt"
	"slices"

	"github.com/charmbracelet/ssh"
	"github.com/charmbracelet/wish"
	gossh "golang.org/x/crypto/ssh"
)

// The algorithms, named so that an update of the library changes none by
// itself. No chacha20: OpenSSH would choose it, and it is the slower one here.
// CTR is for clients that do not know GCM or were told not to use it; see greet.
// The plain MAC is for those that know no other: Dropbear, libssh2 before 1.11.
var (
	keyExchanges = []string{gossh.KeyExchangeMLKEM768X25519, gossh.KeyExchangeCurve25519}
	gcmCiphers   = []string{gossh.CipherAES128GCM, gossh.CipherAES256GCM}
	ciphers      = append(slices.Clone(gcmCiphers), gossh.CipherAES256CTR, gossh.CipherAES128CTR)
	macs         = []string{gossh.HMACSHA256ETM, gossh.HMACSHA512ETM, gossh.HMACSHA256}
	userKeys     = []string{
		gossh.KeyAlgoED25519, gossh.KeyAlgoSKED25519, gossh.KeyAlgoSKECDSA256,
		gossh.KeyAlgoECDSA256, gossh.KeyAlgoECDSA384, gossh.KeyAlgoECDSA521,
		gossh.KeyAlgoRSASHA256, gossh.KeyAlgoRSASHA512,
	}
)

// library sets up the SSH library so that it does nothing by itself: every
// callback, channel and request that is not named here is refused.
func (s *Server) library() (*ssh.Server, error) {
	key, err := gossh.ParsePrivateKey(s.options.HostKey)
	if err != nil {
		return nil, fmt.Errorf("read the SSH host key: %w", err)
	}
	if key.PublicKey().Type() != gossh.KeyAlgoED25519 {
		return nil, errors.New("the SSH host key must be an Ed25519 key")
	}
	server, err := wish.NewServer(
		wish.WithHostKeyPEM(s.options.HostKey),
		wish.WithVersion(software),
		wish.WithMiddleware(func(ssh.Handler) ssh.Handler { return s.session }),
		ssh.PasswordAuth(s.passphrase),
		ssh.KeyboardInteractiveAuth(s.keyboard),
		ssh.PublicKeyAuth(s.key),
	)
	if err != nil {
		return nil, fmt.Errorf("set up SSH: %w", err)
	}
	server.ServerConfigCallback = s.protocol
	server.SessionRequestCallback = s.door
	server.ChannelHandlers = map[string]ssh.ChannelHandler{"session": s.channel}
	server.RequestHandlers = map[string]ssh.RequestHandler{} // no forwarding
	server.SubsystemHandlers = map[string]ssh.SubsystemHandler{"sftp": s.session}
	return server, nil
}

// protocol is the configuration of one connection.
func (s *Server) protocol(ctx ssh.Context) *gossh.ServerConfig {
	c := connOf(ctx)
	offer := ciphers
	if c.gcm {
		offer = gcmCiphers
	}
	return &gossh.ServerConfig{
		Config:                  gossh.Config{KeyExchanges: keyExchanges, Ciphers: offer, MACs: macs},
		PublicKeyAuthAlgorithms: userKeys,
		MaxAuthTries:            maxAuth,
		AuthLogCallback: func(_ gossh.ConnMetadata, method string, err error) {
			s.tried(c, method, err)
		},
		VerifiedPublicKeyCallback: func(meta gossh.ConnMetadata, _ gossh.PublicKey, p *gossh.Permissions, _ string) (*gossh.Permissions, error) {
			return s.signed(c, meta.User(), p)
		},
	}
}
