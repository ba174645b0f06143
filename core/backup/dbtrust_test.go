package backup_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/backuptest"
)

// Debian's MariaDB lets root in by the socket alone. A hacked site that writes
// DB_USER root into its wp-config.php gets no neighbour's database by that.
func TestAHackedSiteDoesNotBorrowOurSocket(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "bg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	trusting, err := backuptest.StartMariaDB(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trusting.Stop() })
	if err := trusting.CreateDatabase("neighbour", "shop", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := trusting.SQL("neighbour", "CREATE TABLE cards (n TEXT); INSERT INTO cards VALUES ('4111-SECRET-CARD'); ALTER USER root@localhost IDENTIFIED VIA unix_socket"); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.wordPress("neighbour", "root", "", "localhost:"+trusting.Socket)
	var out bytes.Buffer
	result, err := w.engine.Run(t.Context(), w.order(), &out, func(core.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if result.Verdict != core.VerdictNotComplete || result.Tables != 0 || !strings.Contains(strings.Join(result.Notes, "\n"), "without its password") {
		t.Errorf("%s, %d tables, %q", result.Verdict, result.Tables, result.Notes)
	}
}
