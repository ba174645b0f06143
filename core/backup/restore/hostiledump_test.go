package restore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/restore"
)

// infected is an archive whose dump says something more before its end, with an
// unsigned manifest that agrees, as an attacker would make it.
func infected(t *testing.T, archive []byte, lastWords, sql string) []byte {
	t.Helper()
	members := takeApart(t, archive)
	part := &members[index(t, members, ".sql")]
	at := bytes.LastIndex(part.data, []byte(lastWords))
	if at < 0 {
		t.Fatalf("no %q in the dump", lastWords)
	}
	size := len(part.data)
	part.data = []byte(string(part.data[:at]) + sql + "\n" + string(part.data[at:]))
	_, name, _ := strings.Cut(part.h.Name, "/")
	sum := sha256.Sum256(part.data)
	manifest := &members[index(t, members, "MANIFEST.jsonl")]
	line := regexp.MustCompile(`("path":"` + regexp.QuoteMeta(name) + `","size":)\d+(.*?"sha256":")[0-9a-f]+`)
	was := manifest.data
	manifest.data = line.ReplaceAll(was, fmt.Appendf(nil, "${1}%d${2}%s", len(part.data), hex.EncodeToString(sum[:])))
	if bytes.Equal(was, manifest.data) {
		t.Fatalf("no %s in the manifest", name)
	}
	more := int64(len(part.data) - size)
	total := regexp.MustCompile(`("line":"(?:database|end)".*?"bytes":)(\d+)`)
	manifest.data = total.ReplaceAllFunc(manifest.data, func(found []byte) []byte {
		m := total.FindSubmatch(found)
		n, err := strconv.ParseInt(string(m[2]), 10, 64)
		check(t, err)
		return strconv.AppendInt(m[1], n+more, 10)
	})
	for i, m := range members {
		if strings.HasSuffix(m.h.Name, "MANIFEST.jsonl.sig") {
			return putTogether(t, append(members[:i:i], members[i+1:]...))
		}
	}
	return putTogether(t, members)
}

// Whatever a dump says to the client that loads it, the client runs nothing and
// reads no file of this machine.
func TestHostileDumps(t *testing.T) {
	w := newWorld(t, "r_dump")
	secret := filepath.Join(t.TempDir(), "secret")
	check(t, os.WriteFile(secret, []byte("a secret of this machine\n"), 0o600))
	touched := filepath.Join(t.TempDir(), "touched")
	for name, sql := range map[string]string{
		"shell":              `\! touch ` + touched,
		"system":             "system touch " + touched,
		"tee":                `\T ` + touched,
		"pager":              `\P touch ` + touched,
		"delimiter":          "DELIMITER ;;\n\\! touch " + touched + "\nsystem touch " + touched + "\n;;\nDELIMITER ;",
		"reads":              "LOAD DATA LOCAL INFILE '" + secret + "' INTO TABLE wp_options (option_value);",
		"reads by a comment": "/*!50000 LOAD DATA LOCAL INFILE '" + secret + "' INTO TABLE wp_options (option_value) */;",
	} {
		t.Run(name, func(t *testing.T) {
			w.makeDatabase()
			defer func() {
				check(t, server.SQL("", "DROP DATABASE "+w.into))
				check(t, os.RemoveAll(w.target))
				check(t, os.RemoveAll(w.target+".restore"))
			}()
			o := w.order()
			archive := infected(t, w.archive, "-- Dump completed", sql)
			o.Archive, o.Size, o.Verify.Signer = bytes.NewReader(archive), int64(len(archive)), nil
			if _, err := restore.Run(t.Context(), o); !errors.Is(err, core.ErrDatabase) {
				t.Errorf("the restore ended with %v", err)
			}
			if _, err := os.Stat(touched); err == nil {
				t.Error("a command was run")
			}
			if w.query("SELECT COUNT(*) FROM wp_options WHERE option_value LIKE '%secret of this%'") != "0" {
				t.Error("a file of this machine was read")
			}
		})
	}
}

// Who restores with the rights of the whole server is told what a dump may do
// with them; the site's own user is not.
func TestRightsThatADumpMayUse(t *testing.T) {
	w := newWorld(t, "r_rights")
	w.makeDatabase()
	for _, c := range []struct {
		grant string
		want  bool
	}{{"SELECT 1", false}, {"GRANT FILE ON *.* TO r_rights@localhost", true}, {"GRANT ALL ON *.* TO r_rights@localhost", true}} {
		check(t, server.SQL("", c.grant))
		list, err := restore.Look(t.Context(), w.order())
		check(t, err)
		warned := slices.ContainsFunc(list, func(c restore.Check) bool { return c.Name == "Rights on the server" })
		if warned != c.want {
			t.Errorf("after %q: %v", c.grant, list)
		}
	}
}
