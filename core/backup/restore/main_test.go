package restore_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"breakglass/core/backup/backuptest"
)

// server is the one MariaDB of this package's tests; each test has databases of
// its own.
var server *backuptest.Server

func TestMain(m *testing.M) {
	flag.Parse()
	if worker := flag.Lookup("test.fuzzworker"); worker != nil && worker.Value.String() == "true" {
		os.Exit(m.Run()) // it runs no test that needs a server
	}
	os.Exit(withServer(m))
}

func withServer(m *testing.M) int {
	dir, err := os.MkdirTemp("/tmp", "bg")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err == nil {
		server, err = backuptest.StartMariaDB(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need MariaDB (task setup installs it):", err)
		return 1
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop MariaDB:", err)
		code = 1
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}
