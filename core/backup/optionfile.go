package backup

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/detect"

	"golang.org/x/sys/unix"
)

// optionFile is a file of the MariaDB tools with credentials in it, which must
// never stand on a command line or in the environment of another program. It
// lies in memory and has no name, so that a full disk does not stop a backup and
// a crash leaves no password behind.
type optionFile struct{ *os.File }

// optionPath is where a tool finds the option file that it was given as its
// first descriptor behind the standard ones.
const optionPath = "/dev/fd/3"

// newOptionFile writes one. Close must follow.
func newOptionFile(user string, password core.Secret, host dbHost) (optionFile, error) {
	var text strings.Builder
	text.WriteString("[client]\n")
	lines := []struct{ name, value string }{{"user", user}, {"password", password.Reveal()}}
	if host.Socket != "" {
		lines = append(lines, struct{ name, value string }{"protocol", "socket"}, struct{ name, value string }{"socket", host.given()})
	} else {
		lines = append(lines, struct{ name, value string }{"protocol", "tcp"}, struct{ name, value string }{"host", host.Host},
			struct{ name, value string }{"port", fmt.Sprint(host.Port)})
	}
	for _, line := range lines {
		if problem := detect.Unfit(line.value); !problem.IsZero() {
			return optionFile{}, core.Refuse(core.ErrDatabase, "The site's database %s %s; the site may have been tampered with: ask your web manager.", line.name, problem)
		}
		fmt.Fprintf(&text, "%s=%s\n", line.name, quoteOption(line.value))
	}
	fd, err := unix.MemfdCreate("options", unix.MFD_CLOEXEC)
	if err != nil {
		return optionFile{}, fmt.Errorf("write dump credentials: %w", err)
	}
	file := os.NewFile(uintptr(fd), "options")
	// The tools ignore a file that others may write to.
	_, err = file.WriteString(text.String())
	if err = errors.Join(err, file.Chmod(0o600)); err != nil {
		return optionFile{}, fmt.Errorf("write dump credentials: %w", errors.Join(err, file.Close()))
	}
	return optionFile{file}, nil
}

// quoteOption quotes a value as the tools read it: in double quotes a backslash
// escapes, and a # is no comment.
func quoteOption(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}
