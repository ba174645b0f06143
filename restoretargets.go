package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/restore"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// named cuts NAME=TEXT of an option that may be given for each of several dumps.
// Whatever the name holds, the text begins behind the last = that ahead allows.
func named(option string, ahead int) (name, text string) {
	if ahead < 0 {
		ahead = len(option)
	}
	at := strings.LastIndexByte(option[:ahead], '=')
	if at < 0 {
		return "", option
	}
	return option[:at], option[at+1:]
}

// targets are the databases of the command line, with their passwords.
func (o *restoreOrder) targets(ctx context.Context) (targets []restore.Target, err error) {
	for _, option := range o.databases {
		if option == "" {
			continue
		}
		name, url := named(option, strings.Index(option, "://"))
		d, written, err := restore.ParseDatabase(url)
		if err != nil {
			return nil, err
		}
		if written {
			fmt.Fprintln(o.errs, "Others on this machine may have read the password in the command line; better leave it out of the URL, then it is asked for.")
		} else if d.Password, err = o.password(ctx, name, d, targets); err != nil {
			return nil, err
		}
		targets = append(targets, restore.Target{Dump: name, Database: d})
	}
	return targets, o.strayPasswords(targets)
}

// password is that of a database: from its own file, from the file for all, or
// asked for.
func (o *restoreOrder) password(ctx context.Context, name string, d restore.Database, before []restore.Target) (core.Secret, error) {
	all := ""
	for _, option := range o.passwordFiles {
		of, file := passwordFile(option)
		if of == name && name != "" {
			return firstLine(file)
		}
		if of == "" {
			all = file
		}
	}
	if all != "" {
		return firstLine(all)
	}
	if o.ask == nil {
		return core.Secret{}, nil
	}
	question := "Password of " + safetext.Line(d.User) + " at the database"
	if name != "" {
		question += " for “" + safetext.Line(name) + "”"
	}
	for _, t := range before {
		if t.User == d.User && t.Server == d.Server { // one user, one password
			return t.Password, nil
		}
	}
	return o.askPassword(ctx, question, d)
}

// passwordTries is how often a password is asked for: one that is mistyped unseen
// is no reason to answer all the other questions anew.
const passwordTries = 3

// askPassword asks for a password until the server takes it. What the server says of
// the last one, and all else that may be wrong there, is said by the restore itself.
func (o *restoreOrder) askPassword(ctx context.Context, question string, d restore.Database) (core.Secret, error) {
	for try := 1; ; try++ {
		password, err := o.ask.secret(question)
		if err != nil || try == passwordTries {
			return password, err
		}
		d.Password = password
		said, err := restore.PasswordRefused(ctx, d)
		if err != nil || said == "" {
			return password, err
		}
		say(o.errs, "  "+said+"\n")
	}
}

// passwordFile cuts NAME=FILE. A file of that whole name goes first.
func passwordFile(option string) (name, file string) {
	if _, err := os.Stat(option); err == nil {
		return "", option
	}
	name, file, ok := strings.Cut(option, "=")
	if !ok {
		return "", option
	}
	return name, file
}

// strayPasswords refuses a password for a database that is not among the others.
func (o *restoreOrder) strayPasswords(targets []restore.Target) error {
	for _, option := range o.passwordFiles {
		name, _ := passwordFile(option)
		known := name == ""
		for _, t := range targets {
			known = known || t.Dump == name
		}
		if !known {
			return core.Refuse(core.ErrInvalid, "--password-file names “%s”, and no --database does; give --database %s=URL too.", safetext.Line(name), safetext.Line(name))
		}
	}
	return nil
}

func firstLine(file string) (core.Secret, error) {
	text, err := readCapped(file, maxKeyFile)
	if err != nil {
		return core.Secret{}, fmt.Errorf("read the database's password: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return core.NewSecret(strings.TrimSuffix(first, "\r")), nil
}

// planned says what will become of the dumps.
func (o *restoreOrder) planned(order restore.Order) (lines []string) {
	for _, t := range order.Databases {
		of := "its dump"
		if t.Dump != "" {
			of = "the dump of “" + safetext.Line(t.Dump) + "”"
		}
		lines = append(lines, fmt.Sprintf("Load %s into the database %s.", of, t.Database))
	}
	switch {
	case len(lines) > 0:
		return lines
	case o.known != nil && len(restore.Dumps(*o.known)) == 0:
		return []string{"Load no dump: the archive holds none."}
	}
	return []string{"Leave its dump beside them: no database was given."}
}

// lookInside reads the archive, so that the questions can be about what it holds,
// and says that. One that is damaged is found before anybody has answered them.
func (o *restoreOrder) lookInside(ctx context.Context) error {
	f, err := os.Open(o.file)
	if err != nil {
		return fmt.Errorf("open the archive: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open the archive: %w", err)
	}
	fmt.Fprintln(o.errs, "\nLooking at what it holds …")
	m := newRestoreMeter(o.errs, false)
	known, err := backup.Read(ctx, f, backup.VerifyOptions{Progress: func(p backup.VerifyProgress) {
		m.tell(restore.Event{Progress: &restore.Progress{Step: restore.StepUnpack, Done: p.Read, Total: info.Size(), Current: p.Current}})
	}}, nil)
	m.end()
	if err != nil {
		return err
	}
	o.known = &known
	say(o.errs, fmt.Sprintf("A backup of %s (%s), made %s: %d files, %s.\n", known.Site, known.Kind, view.Time(known.Created, ""), known.Files, view.Size("", known.Bytes)))
	dumps := restore.Dumps(known)
	for i, d := range dumps {
		fmt.Fprintf(o.errs, "  Dump of “%s”: %d tables, %d rows, of %s.\n", safetext.Line(restore.DumpName(dumps, i)), len(d.Tables), rowsOf(d), safetext.Line(d.Server))
	}
	return nil
}

func rowsOf(d backup.StoredDatabase) (rows int64) {
	for _, t := range d.Tables {
		rows += t.Rows
	}
	return rows
}

// schemeOf is how the URL of a database for a dump begins.
func schemeOf(d backup.StoredDatabase) string {
	if strings.HasPrefix(d.Server, "PostgreSQL") {
		return "postgres"
	}
	return "mysql"
}

// makeOne says how an empty database is made, for who has a new server.
func makeOne(d backup.StoredDatabase) string {
	if schemeOf(d) == "postgres" {
		return "One is made by\n  sudo -u postgres createuser --pwprompt acme\n  sudo -u postgres createdb --owner acme acme"
	}
	return "One is made, in `sudo mariadb`, by\n  CREATE DATABASE acme; CREATE USER acme@localhost IDENTIFIED BY 'PASSWORD';\n  GRANT ALL ON acme.* TO acme@localhost;"
}

// askDatabases asks where each dump shall go.
func (o *restoreOrder) askDatabases() error {
	dumps := restore.Dumps(*o.known)
	switch len(dumps) {
	case 0:
		fmt.Fprint(o.errs, "It needs no database server: no dump for one is in it.\n")
		return nil
	case 1:
		fmt.Fprintf(o.errs, "\nIts database must be there and empty. %s\n", makeOne(dumps[0]))
		say(o.errs, fmt.Sprintf("Give it like %s://user@localhost/name; Enter alone leaves the dump beside the files.\n", schemeOf(dumps[0])))
		url, err := o.ask.until("The database", "", isDatabaseFor(dumps[0]))
		o.databases = []string{url}
		return err
	}
	fmt.Fprintf(o.errs, "\nEach of its %d databases must be there and empty. %s\n", len(dumps), makeOne(dumps[0]))
	say(o.errs, fmt.Sprintf("Give them like %s://user@localhost/name; Enter alone leaves a dump beside the files.\n", schemeOf(dumps[0])))
	for i := range dumps {
		name := restore.DumpName(dumps, i)
		url, err := o.ask.until("The database for “"+safetext.Line(name)+"”", "", isDatabaseFor(dumps[i]))
		if err != nil {
			return err
		}
		if url != "" {
			o.databases = append(o.databases, name+"="+url)
		}
	}
	return nil
}
