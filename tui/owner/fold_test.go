package owner

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

// In every window all of a command shows, no row hides a space at its ends, and
// the rows joined are the command again.
func TestFoldedCommandIsWhole(t *testing.T) {
	commands := []string{
		"sftp -P 2222 acme+K7Q2MX@backup.example:acme-20000101T000000Z.tar.gz .",
		`cmd /c "ssh -p 2222 acme+K7Q2MX@backup.example backup > acme.tar.gz"`,
		"ssh " + strings.Repeat("a", 200),
		"scp acme@bücher.example:火.tar.gz .",
	}
	for _, command := range commands {
		for width := 20; width <= 210; width++ {
			rows := fold(command, width)
			joined := ""
			for i, row := range rows {
				if uniseg.StringWidth(row) > width {
					t.Fatalf("%d columns: row %q is cut", width, row)
				}
				text, more := strings.CutSuffix(row, goesOn)
				if more != (i < len(rows)-1) || text != strings.TrimSpace(text) {
					t.Fatalf("%d columns: %q", width, rows)
				}
				joined += text
			}
			if joined != command {
				t.Fatalf("%d columns: %q is not %q", width, joined, command)
			}
		}
	}
}

func TestFoldBehindThePartsOfAnAddress(t *testing.T) {
	got := strings.Join(fold("sftp -P 2222 acme+K7Q2MX@backup.example:acme-20000101T000000Z.tar.gz .", 40), "\n")
	if want := "sftp -P 2222 acme+K7Q2MX@\\\nbackup.example:\\\nacme-20000101T000000Z.tar.gz ."; got != want {
		t.Errorf("%q", got)
	}
	if got := fold("ssh acme@host", 40); len(got) != 1 || got[0] != "ssh acme@host" {
		t.Errorf("one that fits: %q", got)
	}
}
