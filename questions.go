package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"breakglass/core"
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
	return &questions{in: bufio.NewReader(in), fd: int(in.Fd()), out: out, tries: 3}
}

var errNoAnswer = errors.New("nothing was touched: the questions were not answered")

// line asks for a line; standing is what Enter alone means.
func (q *questions) line(question, standing string) (string, error) {
	fmt.Fprintf(q.out, "%s", question)
	if standing != "" {
		fmt.Fprintf(q.out, " [%s]", standing)
	}
	fmt.Fprint(q.out, ": ")
	text, err := q.in.ReadString('\n')
	if err != nil {
		fmt.Fprintln(q.out)
		return "", errNoAnswer
	}
	return orDefault(strings.TrimSpace(text), standing), nil
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
		fmt.Fprintf(q.out, "  %s\n", sentence(err))
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
	fmt.Fprintf(q.out, "%s (it is not shown): ", question)
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
	fmt.Fprint(q.out, "This puts a website back from its backup. It asks a few questions, shows what\nit will do, and does nothing before you say yes.\n\n")
	if o.file == "" {
		if o.file, err = q.until("The backup's file", "", isFile); err != nil {
			return err
		}
	}
	if err := o.lookInside(ctx); err != nil {
		return err
	}
	if o.to == "" {
		fmt.Fprintln(q.out)
		if o.to, err = q.until("The directory for the site, empty or new", "", restore.CheckTarget); err != nil {
			return err
		}
	}
	if len(o.databases) == 0 {
		if err := o.askDatabases(); err != nil {
			return err
		}
	}
	if o.url == "" {
		fmt.Fprint(q.out, "\n")
		if o.url, err = q.until("The site's new address, like https://new.example; Enter alone keeps the old", "", isAddress); err != nil {
			return err
		}
	}
	if o.signer == "" {
		fmt.Fprint(q.out, "\nThe emergency sheet shows the fingerprint of the key that signs backups.\n")
		o.signer, err = q.until("That fingerprint, SHA256:…; Enter alone does without", "", isFingerprint)
	}
	return err
}

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

func isDatabase(text string) error {
	if text == "" {
		return nil
	}
	_, _, err := restore.ParseDatabase(text)
	return err
}

func isAddress(text string) error {
	if text == "" {
		return nil
	}
	return restore.CheckAddress(text)
}

func isFingerprint(text string) error {
	if text == "" || strings.HasPrefix(text, "SHA256:") && len(text) == len("SHA256:")+43 {
		return nil
	}
	_, err := demand(text)
	return err
}
