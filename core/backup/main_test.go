package backup_test

import (
	"context"
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
	os.Exit(backuptest.Main(m, &server, func() error { return stopPostgres() }))
}
