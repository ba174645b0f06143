package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/store"

	"golang.org/x/term"
)

// databasePasswordVariable is where the password of --database may stand.
const databasePasswordVariable = "BREAKGLASS_DATABASE_PASSWORD" //nolint:gosec // a name, no password

// included returns the paths that --include names, and the directories that the
// engine may read for them: who runs this command allows what they name.
func (o backupOrder) included() (paths, roots []string, err error) {
	for _, path := range o.include {
		if path, err = filepath.Abs(path); err != nil {
			return nil, nil, fmt.Errorf("find %s: %w", path, err)
		}
		resolved, err := filepath.EvalSymlinks(path)
		if err != nil {
			return nil, nil, fmt.Errorf("include %s: %w", path, err)
		}
		info, err := os.Stat(resolved)
		if err != nil {
			return nil, nil, fmt.Errorf("include %s: %w", path, err)
		}
		root := resolved
		if !info.IsDir() {
			root = filepath.Dir(resolved)
		}
		paths, roots = append(paths, resolved), append(roots, root)
	}
	return paths, roots, nil
}

// named returns the database that --database names, with its password.
func (o backupOrder) named(engine *backup.Engine, errs io.Writer) (core.NamedDatabase, error) {
	if o.database == "" {
		if o.passwordFile != "" {
			return core.NamedDatabase{}, &usageError{errors.New("--database-password-file wants --database URL beside it")}
		}
		return core.NamedDatabase{}, nil
	}
	url, err := engine.CheckDatabase(o.database)
	if err != nil {
		return core.NamedDatabase{}, err
	}
	password, err := o.databasePassword(errs)
	return core.NamedDatabase{URL: url, Password: password}, err
}

func (o backupOrder) databasePassword(errs io.Writer) (core.Secret, error) {
	if o.passwordFile != "" {
		text, err := store.LoadSecret(o.passwordFile)
		if err != nil {
			return core.Secret{}, fmt.Errorf("--database-password-file: %w", err)
		}
		return core.NewSecret(strings.TrimRight(string(text), "\r\n")), nil
	}
	if text, ok := os.LookupEnv(databasePasswordVariable); ok {
		return core.NewSecret(text), nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return core.Secret{}, nil
	}
	fmt.Fprint(errs, "Password of the database's user: ")
	text, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(errs)
	if err != nil {
		return core.Secret{}, fmt.Errorf("read the database's password: %w", err)
	}
	return core.NewSecret(string(text)), nil
}
