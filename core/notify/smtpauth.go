package notify

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"breakglass/core"

	"github.com/wneessen/go-mail/smtp"
)

// authWay is one way to prove a user.
type authWay struct {
	name, wanted string // as the server calls it, and as the config does
	make         func(user, password, host string) smtp.Auth
}

// The ways to prove a user that we know, the best first. Without TLS, which
// only a server on this machine may go without, all of them are as good.
var authWays = []authWay{
	{"SCRAM-SHA-256", "scram", func(user, password, _ string) smtp.Auth { return smtp.ScramSHA256Auth(user, password) }},
	{"SCRAM-SHA-1", "scram", func(user, password, _ string) smtp.Auth { return smtp.ScramSHA1Auth(user, password) }},
	{"PLAIN", "plain", func(user, password, host string) smtp.Auth { return smtp.PlainAuth("", user, password, host, true) }},
	{"LOGIN", "login", func(user, password, host string) smtp.Auth { return smtp.LoginAuth(user, password, host, true) }},
}

func knownAuth(wanted string) bool {
	return wanted == "" || slices.ContainsFunc(authWays, func(w authWay) bool { return w.wanted == wanted })
}

var (
	// errNoAuth means that the server offers no way to prove the user that we want.
	errNoAuth   = errors.New("the server offers none of the ways to log in that are wanted")
	errUnproved = errors.New("the server let us in without its own proof")
	errRounds   = errors.New("the server asks for too many rounds of SCRAM")
)

// authChoice picks, of the ways that the server offers, the best that is wanted.
// It serves one connection and remembers that the session came this far.
type authChoice struct {
	wanted   string
	user     string
	password core.Secret
	began    bool
	way      smtp.Auth
	scram    bool
	proved   bool  // the server has sent its proof, which is checked where it is read
	distrust error // why we left off
}

// Start implements smtp.Auth.
func (a *authChoice) Start(server *smtp.ServerInfo) (string, []byte, error) {
	a.began = true
	for _, way := range authWays {
		offered := slices.ContainsFunc(server.Auth, func(name string) bool { return strings.EqualFold(name, way.name) })
		if offered && (a.wanted == "" || a.wanted == way.wanted) {
			a.scram = way.wanted == "scram"
			a.way = way.make(a.user, a.password.Reveal(), server.Name)
			return a.way.Start(server)
		}
	}
	return "", nil, errNoAuth
}

// Next implements smtp.Auth. Of SCRAM go-mail checks the server's proof where
// there is one; here there must be one. It also takes any number of rounds,
// which a server could keep us computing by.
func (a *authChoice) Next(from []byte, more bool) (answer []byte, err error) {
	defer func() { a.distrust = err }()
	text := string(from)
	switch {
	case !a.scram:
	case more && strings.HasPrefix(text, "v="):
		a.proved = true
	case more && !fewRounds(text):
		return nil, errRounds
	case !more && !a.proved:
		return nil, errUnproved
	}
	return a.way.Next(from, more)
}

// maxRounds is far above what mail servers use.
const maxRounds = 1_000_000

// fewRounds reports whether a challenge asks for a bearable number of rounds;
// one that asks for none is for others to judge.
func fewRounds(challenge string) bool {
	for _, part := range strings.Split(challenge, ",") {
		if text, ok := strings.CutPrefix(part, "i="); ok {
			if n, err := strconv.Atoi(text); err != nil || n < 1 || n > maxRounds {
				return false
			}
		}
	}
	return true
}

// stage is where a session that did not come to its end had come.
func (a *authChoice) stage() smtpStage {
	if a.began {
		return stageLogin
	}
	return stageGreet
}
