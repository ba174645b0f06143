package restore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/restore"
)

// withDump is the archive, unsigned, with its dump changed and a manifest that
// agrees.
func (w *world) withDump(server string, change func(dump string) string) []byte {
	w.t.Helper()
	members := takeApart(w.t, w.archive)
	members = members[:len(members)-1] // the signature
	dump := &members[index(w.t, members, "0001.sql")]
	before := len(dump.data)
	dump.data = []byte(change(string(dump.data)))
	sum := sha256.Sum256(dump.data)
	m := &members[len(members)-1]
	replace := func(form, with string) {
		matched := false
		m.data = regexp.MustCompile(form).ReplaceAllFunc(m.data, func(old []byte) []byte {
			matched = true
			return regexp.MustCompile(form).ReplaceAll(old, []byte(with))
		})
		if !matched {
			w.t.Fatalf("no %s in the manifest", form)
		}
	}
	replace(`("path":"database/[^"]*0001.sql","size":)[0-9]+(,"mode":"0600","mtime":"[^"]*","sha256":")[0-9a-f]+`, fmt.Sprintf("${1}%d${2}%s", len(dump.data), hex.EncodeToString(sum[:])))
	replace(`("line":"database",.*"server":")MariaDB[^"]*(".*"bytes":)[0-9]+`, fmt.Sprintf("${1}%s${2}%d", server, len(dump.data)))
	end := regexp.MustCompile(`"rows":[0-9]+,"bytes":([0-9]+)`).FindSubmatch(m.data[bytes.LastIndex(m.data, []byte(`{"line":"end"`)):])
	var total int
	_, err := fmt.Sscan(string(end[1]), &total)
	check(w.t, err)
	replace(`("line":"end".*"bytes":)[0-9]+`, fmt.Sprintf("${1}%d", total-before+len(dump.data)))
	return putTogether(w.t, members)
}

// A dump of MySQL 8 goes into MariaDB: its collations become the nearest, with a
// note, and who made its views is left out.
func TestDumpOfMySQL8(t *testing.T) {
	w := newWorld(t, "r_mysql8")
	w.makeDatabase()
	archive := w.withDump("MySQL 8.0.36", func(dump string) string {
		dump = strings.ReplaceAll(dump, "utf8mb4_unicode_520_ci", "utf8mb4_0900_ai_ci")
		return strings.ReplaceAll(dump, "/*M!999999\\- enable the sandbox mode */ \n", "")
	})
	o := w.order()
	o.Archive, o.Size, o.Verify.Signer = bytes.NewReader(archive), int64(len(archive)), nil
	report, err := restore.Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, w.said())
	}
	if got := w.query("SELECT TABLE_COLLATION FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'wp_options'"); got != "utf8mb4_uca1400_ai_ci" && got != "utf8mb4_unicode_520_ci" {
		t.Error(got)
	}
	for _, said := range []string{"! Server version: the dump came from MySQL 8.0.36", "! Character sets: the server lacks some", "! Signature: none: the archive is consistent, its origin unproven"} {
		if !strings.Contains(w.said(), said) {
			t.Errorf("not said: %s\n%s", said, w.said())
		}
	}
	if !strings.Contains(strings.Join(report.Databases[0].Mended, " "), "utf8mb4_0900_ai_ci became") {
		t.Errorf("%q", report.Databases[0].Mended)
	}
}

// A character set that the server has nothing like for is known before anything
// is loaded, and so is a statement that is too long for it.
func TestDumpThatDoesNotFit(t *testing.T) {
	w := newWorld(t, "r_unfit")
	w.makeDatabase()
	for name, c := range map[string]struct {
		server   string
		change   func(dump string) string
		sentence string
	}{
		"character set": {"MySQL 8.0.36", func(dump string) string {
			return strings.Replace(dump, "COLLATE=utf8mb4_unicode_520_ci", "CHARSET=gb18030 COLLATE=gb18030_chinese_ci", 1)
		}, "knows nothing like gb18030, gb18030_chinese_ci"},
		"another kind": {"PostgreSQL 15.1", func(dump string) string { return dump }, "which MariaDB cannot load"},
	} {
		t.Run(name, func(t *testing.T) {
			archive := w.withDump(c.server, c.change)
			o := w.order()
			o.Archive, o.Size, o.Verify.Signer = bytes.NewReader(archive), int64(len(archive)), nil
			if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.sentence) {
				t.Errorf("%v", err)
			}
			w.untouched()
			if got := w.query("SHOW TABLES"); got != "" {
				t.Error(got)
			}
		})
	}
	check(t, server.SQL("", "SET GLOBAL max_allowed_packet = 16384"))
	t.Cleanup(func() { check(t, server.SQL("", "SET GLOBAL max_allowed_packet = 268435456")) })
	if _, err := restore.Run(t.Context(), w.order()); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "set max_allowed_packet = ") {
		t.Errorf("a long statement: %v", err)
	}
	w.untouched()
}
