package backup_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"breakglass/core/backup/backuptest"
)

// server is the one MariaDB of this package's tests; each test has databases of
// its own.
var server *backuptest.Server

// asNobodyEnv makes this binary do what asNobody says.
const asNobodyEnv = "BREAKGLASS_TEST_AS_NOBODY"

// noContext is for code that runs before any test does.
var noContext = context.Background()

func TestMain(m *testing.M) {
	if order := strings.Split(os.Getenv(asNobodyEnv), ":"); len(order) == 4 {
		if err := asNobody(order[0], order[1], order[2], order[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if worker := flag.Lookup("test.fuzzworker"); worker != nil && worker.Value.String() == "true" {
		os.Exit(m.Run()) // it runs no test that needs a server
	}
	dir, err := os.MkdirTemp("/tmp", "bg")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err == nil {
		server, err = backuptest.StartMariaDB(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need MariaDB (task setup installs it):", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := stopPostgres(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		code = 1
	}
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop MariaDB:", err)
		code = 1
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
