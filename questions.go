package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/restore"
	"breakglass/core/safetext"

	"golang.org/x/term"
)

// questions asks a person at the terminal, a line at a time, so that a screen
// reader and the simplest terminal do.
type questions struct {
	in    *bufio.Reader
	fd    int
	out   io.Writer
	tries int
}

func newQuestions(in *os.File, out io.Writer) *questions {
	return &questions{in: bufio.NewReader(in), fd: int(in.Fd()), out: out, tries: 10}
}

var errNoAnswer = errors.New("nothing was touched: the questions were not answered; start the command again when you know the answers")

// line asks for a line; standing is what Enter alone means.
func (q *questions) line(question, standing string) (string, error) {
	if standing != "" {
		question += " [" + standing + "]"
	}
	say(q.out, question+":")
	fmt.Fprint(q.out, " ")
	text, err := q.in.ReadString('\n')
	if err != nil {
		fmt.Fprintln(q.out)
		return "", errNoAnswer
	}
	return orDefault(strings.TrimSpace(text), standing), nil
}

// path asks for a path, as a person writes one at a prompt: from the home directory, or
// in the quotes that a file manager puts around what is dragged into a terminal.
func (q *questions) path(question string, check func(string) error) (path string, err error) {
	_, err = q.until(question, "", func(text string) error {
		path = typedPath(text)
		return check(path)
	})
	return path, err
}

// typedPath does what a shell would have done with a path.
func typedPath(text string) string {
	if n := len(text); n > 1 && text[0] == text[n-1] && (text[0] == '\'' || text[0] == '"') {
		return text[1 : n-1]
	}
	if rest, ok := strings.CutPrefix(text, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return text
}

// until asks until check is content, a few times.
func (q *questions) until(question, standing string, check func(string) error) (string, error) {
	for range q.tries {
		text, err := q.line(question, standing)
		if err != nil {
			return "", err
		}
		if err = check(text); err == nil {
			return text, nil
		}
		say(q.out, "  "+sentence(err)+"\n")
	}
	return "", errNoAnswer
}

// yes asks a question that takes the whole word yes.
func (q *questions) yes(question string) (bool, error) {
	text, err := q.line(question+" Type yes, or anything else to leave it", "")
	return strings.EqualFold(text, "yes"), err
}

// secret asks for something that is not shown.
func (q *questions) secret(question string) (core.Secret, error) {
	say(q.out, question+" (it is not shown):")
	fmt.Fprint(q.out, " ")
	text, err := term.ReadPassword(q.fd)
	fmt.Fprintln(q.out)
	if err != nil {
		return core.Secret{}, errNoAnswer
	}
	return core.NewSecret(string(text)), nil
}

// interview asks for all that a restore needs and the command line lacks.
func (o *restoreOrder) interview(ctx context.Context) (err error) {
	q := o.ask
	say(q.out, "This puts a website back from its backup. It asks a few questions, shows what it will do, and does nothing before you say yes.\n\n")
	if o.file == "" {
		if o.file, err = q.path("The backup's file", isFile); err != nil {
			return err
		}
	}
	if err := o.lookInside(ctx); err != nil {
		return err
	}
	if o.to == "" {
		fmt.Fprintln(q.out)
		if o.to, err = q.path("The directory for the site, empty or new", restore.CheckTarget); err != nil {
			return err
		}
	}
	if len(o.databases) == 0 {
		if err := o.askDatabases(); err != nil {
			return err
		}
	}
	if o.owner == "" && os.Geteuid() == 0 {
		say(q.out, "\nThe files must belong to the user that the web server runs the site as, like www-data.\n")
		if o.owner, err = q.until("That user; Enter alone: the owner of the place it goes to", "", isUser); err != nil {
			return err
		}
	}
	if o.url == "" {
		fmt.Fprint(q.out, "\n")
		if o.url, err = q.until("The site's new address, https://…; Enter alone keeps the old", "", isAddress); err != nil {
			return err
		}
	}
	if err := o.askOldAddress(); err != nil {
		return err
	}
	if o.signer == "" {
		say(q.out, "\nThe emergency sheet shows the fingerprint of the key that signs backups.\n")
		o.signer, err = q.until("That fingerprint, SHA256:…; Enter alone does without", "", isFingerprint)
	}
	o.answered = true
	return err
}

// askOldAddress asks for the site's old address where a restore would stop for it when
// all is unpacked.
func (o *restoreOrder) askOldAddress() error {
	if o.url == "" || len(o.oldURLs) > 0 || restore.AddressStored(o.known.Header.Kind) || o.known.Header.Kind == "static files" {
		return nil
	}
	fmt.Fprint(o.ask.out, "\nThis site's program is not one whose old address can be read from it.\n")
	old, err := o.ask.until("The site's old address, https://…", "", func(text string) error {
		if text == "" {
			return core.Refuse(core.ErrInvalid, "It is needed: give the address that the site had, like https://www.acme.example.")
		}
		return restore.CheckAddress(text)
	})
	o.oldURLs = []string{old}
	return err
}

// again is the command that asks nothing of what was answered, to be typed when
// something is to change or a restore is to go on. No password stands in it.
func (o *restoreOrder) again() string {
	words := []string{os.Args[0], "restore", o.file, "--to", o.to}
	with := func(option string, values ...string) {
		for _, value := range values {
			if value != "" {
				words = append(words, option, value)
			}
		}
	}
	for _, d := range o.databases {
		with("--database", withoutPassword(d))
	}
	with("--url", o.url)
	with("--old-url", o.oldURLs...)
	with("--owner", o.owner)
	with("--signer", o.signer)
	with("--password-file", o.passwordFiles...)
	for i, word := range words {
		if !plainWord.MatchString(word) {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return safetext.Path(strings.Join(words, " ")) // uncut
}

// plainWord is what a shell takes as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// urlPassword is the password in a database's URL.
var urlPassword = regexp.MustCompile(`(://[^:@/?]*):[^/?]*@`)

func withoutPassword(url string) string { return urlPassword.ReplaceAllString(url, "$1@") }

func isFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return core.Refuse(core.ErrInvalid, "Give the file that was downloaded, like acme-20261123T230142Z.tar.gz.")
	case err != nil:
		return core.Refuse(core.ErrInvalid, "There is no file %s.", safetext.Path(path))
	case info.IsDir():
		return core.Refuse(core.ErrInvalid, "%s is a directory; give the archive itself.", safetext.Path(path))
	}
	return nil
}

func isUser(name string) error {
	if name == "" {
		return nil
	}
	if _, err := user.Lookup(name); err != nil {
		return core.Refuse(core.ErrInvalid, "There is no user “%s” on this machine.", safetext.Line(name))
	}
	return nil
}

// isDatabaseFor checks the URL of a database that a dump shall go to.
func isDatabaseFor(dump backup.StoredDatabase) func(text string) error {
	return func(text string) error {
		if text == "" {
			return nil
		}
		d, _, err := restore.ParseDatabase(text)
		if err == nil && d.Driver != schemeOf(dump) {
			err = core.Refuse(core.ErrInvalid, "The dump is of %s and cannot go there; its database's URL begins with %s://.", safetext.Line(dump.Server), schemeOf(dump))
		}
		return err
	}
}

func isAddress(text string) error {
	if text == "" {
		return nil
	}
	return restore.CheckAddress(text)
}

func isFingerprint(text string) error {
	if rest, ok := strings.CutPrefix(text, "SHA256:"); ok && !bareFingerprint.MatchString(rest) {
		return core.Refuse(core.ErrInvalid, "A fingerprint has 43 characters behind SHA256:, and this has %d.", len(rest))
	}
	if text == "" {
		return nil
	}
	_, err := demand(text)
	return err
}
