package restore_test

import (
	"os"
	"testing"

	"breakglass/core/backup/backuptest"
)

// server is the one MariaDB of this package's tests; each test has databases of
// its own.
var server *backuptest.Server

func TestMain(m *testing.M) {
	if order := os.Getenv(asRestore); order != "" {
		os.Exit(restoreAndDie(order))
	}
	os.Exit(backuptest.Main(m, &server))
}
