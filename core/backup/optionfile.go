package backup

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"breakglass/core"
)

// optionFile is a file of the MariaDB tools with credentials in it, which must
// never stand on a command line or in the environment of another program.
type optionFile struct {
	path string
}

// newOptionFile writes one, 0600. Close must follow.
func newOptionFile(scratch string, user string, password core.Secret, host dbHost) (file *optionFile, err error) {
	var text strings.Builder
	text.WriteString("[client]\n")
	lines := []struct{ name, value string }{{"user", user}, {"password", password.Reveal()}}
	if host.Socket != "" {
		lines = append(lines, struct{ name, value string }{"protocol", "socket"}, struct{ name, value string }{"socket", host.Socket})
	} else {
		lines = append(lines, struct{ name, value string }{"protocol", "tcp"}, struct{ name, value string }{"host", host.Host},
			struct{ name, value string }{"port", fmt.Sprint(host.Port)})
	}
	for _, line := range lines {
		if problem := unfit(line.value); problem != "" {
			return nil, core.Refuse(core.ErrDatabase, "The site's database %s %s; the site may have been tampered with: ask your web manager.", line.name, problem)
		}
		fmt.Fprintf(&text, "%s=%s\n", line.name, quoteOption(line.value))
	}
	created, err := os.CreateTemp(scratch, "options-*.cnf") // 0600
	if err != nil {
		return nil, fmt.Errorf("write dump credentials: %w", err)
	}
	file = &optionFile{created.Name()}
	_, err = created.WriteString(text.String())
	if closed := created.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("write dump credentials: %w", errors.Join(err, file.Close()))
	}
	return file, nil
}

// quoteOption quotes a value as the tools read it: in double quotes a backslash
// escapes, and a # is no comment.
func quoteOption(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// Close removes the file.
func (f *optionFile) Close() error {
	if err := os.Remove(f.path); err != nil {
		return fmt.Errorf("remove dump credentials: %w", err)
	}
	return nil
}
