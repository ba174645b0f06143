package backuptest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
)

// Main runs a package's tests beside a MariaDB server of their own, which it puts
// into server, and returns the exit status. A fuzz worker runs no test that needs
// one. after ends what the tests started besides.
func Main(m *testing.M, server **Server, after ...func() error) int {
	flag.Parse()
	if worker := flag.Lookup("test.fuzzworker"); worker != nil && worker.Value.String() == "true" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("/tmp", "bg")
	if err == nil {
		err = os.Chmod(dir, 0o755) //nolint:gosec // the server runs as another user
	}
	if err == nil {
		*server, err = StartMariaDB(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need MariaDB (task setup installs it):", err)
		return 1
	}
	code := m.Run()
	for _, end := range append(after, (*server).Stop, func() error { return os.RemoveAll(dir) }) {
		err = errors.Join(err, end())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "end what the tests used:", err)
		return 1
	}
	return code
}
