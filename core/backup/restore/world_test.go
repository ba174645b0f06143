package restore_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/restore"
	"breakglass/core/coretest"

	"golang.org/x/crypto/ssh"
)

// world is a site with its backup, and a place to restore it to.
type world struct {
	t       *testing.T
	name    string // of the site's database, and of its user
	root    string
	archive []byte
	key     ssh.PublicKey
	target  string
	into    string // the new database
	checks  []restore.Check
	agreed  bool
	asked   string
	lacking bool // the backup may be without some of the site
}

const password = `p'a"s\s`

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// content is what the site's database holds.
const content = `
CREATE TABLE wp_options (option_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, option_name varchar(191), option_value longtext NOT NULL, autoload varchar(20)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
INSERT INTO wp_options (option_name, option_value, autoload) VALUES ('siteurl','https://old.example/wp','yes'),('home','https://old.example','yes'),('nested','a:1:{s:1:"u";s:21:"https://old.example/x";}','yes');
CREATE TABLE wp_posts (id int PRIMARY KEY, body longtext, born datetime DEFAULT '2020-01-01', size int AS (char_length(body)) VIRTUAL);
INSERT INTO wp_posts (id, body) SELECT seq, CONCAT('<a href="https://old.example/', seq, '">ROOT/wp-content</a> \\! ; -- it''s') FROM seq_1_to_500;
SET sql_mode=''; UPDATE wp_posts SET born = '0000-00-00' WHERE id = 7;
CREATE DEFINER=root@localhost VIEW wp_view AS SELECT id FROM wp_posts;
CREATE DEFINER=root@localhost TRIGGER wp_trigger BEFORE INSERT ON wp_posts FOR EACH ROW SET NEW.id = NEW.id;
CREATE TABLE empty_one (x int);
`

// newWorld makes a site like a WordPress, with more tables where a test wants some,
// and backs it up.
func newWorld(t *testing.T, name string, more ...string) *world {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	check(t, os.Chmod(dir, 0o755))
	w := &world{t: t, name: name, root: filepath.Join(dir, "www", "acme"), target: filepath.Join(dir, "new", "site"), into: name + "_new"}
	check(t, os.MkdirAll(filepath.Join(w.root, "wp-content/deep"), 0o755))
	check(t, os.MkdirAll(filepath.Join(w.root, "wp-includes"), 0o755))
	check(t, os.MkdirAll(filepath.Dir(w.target), 0o755))
	check(t, server.CreateDatabase(name, name, password))
	check(t, server.SQL(name, "GRANT ALL ON `"+strings.ReplaceAll(w.into, "_", `\_`)+"`.* TO "+name+"@localhost;"+strings.ReplaceAll(content, "ROOT", w.root)+strings.Join(more, "")))
	t.Cleanup(func() { check(t, server.SQL("", "DROP DATABASE IF EXISTS "+name+"; DROP DATABASE IF EXISTS "+w.into)) })
	for path, text := range map[string]string{
		"wp-load.php": "<?php\n", "wp-settings.php": "<?php\n", "wp-includes/version.php": "<?php\n$wp_version = '6.6.1';\n",
		"wp-config.php": fmt.Sprintf("<?php\ndefine('DB_NAME', '%s');\ndefine('DB_USER', '%s');\ndefine('DB_PASSWORD', '%s');\ndefine('DB_HOST', 'localhost:%s');\ndefine('WP_HOME', 'https://old.example');\n$table_prefix = 'wp_';\n",
			name, name, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password), server.Socket),
		"wp-content/deep/one.txt": "one", "index.php": "<?php\n", ".htaccess": "# BEGIN WordPress\nRewriteBase /\n# END WordPress\n",
	} {
		check(t, os.WriteFile(filepath.Join(w.root, path), []byte(text), 0o644))
	}
	check(t, os.Chmod(filepath.Join(w.root, "index.php"), 0o4755|os.ModeSetuid))
	check(t, os.Symlink("deep/one.txt", filepath.Join(w.root, "wp-content/link")))
	check(t, os.Symlink(filepath.Join(w.root, "index.php"), filepath.Join(w.root, "wp-content/absolute")))
	check(t, os.Chmod(filepath.Join(w.root, "wp-content/deep"), 0o555))
	if out, err := exec.Command("sqlite3", filepath.Join(w.root, "wp-content/app.db"),
		`CREATE TABLE t (a TEXT, b BLOB); CREATE TRIGGER no AFTER UPDATE ON t BEGIN DELETE FROM t; END;
		INSERT INTO t VALUES ('see https://old.example/y', 'a:1:{i:0;s:20:"https://old.example/";}'), ('none', NULL);`).CombinedOutput(); err != nil {
		t.Fatalf("sqlite3: %v %s", err, out)
	}
	w.backUp(dir)
	check(t, os.Rename(w.root, w.root+".gone")) // the old site must not help
	return w
}

func (w *world) backUp(dir string) {
	w.t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(w.t, err)
	signer, err := ssh.NewSignerFromSigner(private)
	check(w.t, err)
	w.key = signer.PublicKey()
	engine, err := backup.New(backup.Options{Roots: []string{filepath.Dir(w.root)}, Signer: signer, Scratch: filepath.Join(dir, "scratch"), Clock: coretest.NewClock(), Version: "v0-test"})
	check(w.t, err)
	var out bytes.Buffer
	result, err := engine.Run(w.t.Context(), core.BackupOrder{
		SiteSpec: core.SiteSpec{Site: "acme", Root: w.root}, Name: "acme-1", Created: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Host: "console.example",
	}, &out, nil)
	check(w.t, err)
	if result.Verdict == core.VerdictNotComplete && !w.lacking {
		w.t.Fatalf("the backup is not complete: %v", result.Notes)
	}
	w.archive = out.Bytes()
}

// makeDatabase makes the new database, empty.
func (w *world) makeDatabase() {
	w.t.Helper()
	check(w.t, server.SQL("", "CREATE DATABASE "+w.into+" CHARACTER SET utf8mb4"))
}

// order is the order to restore the site as it should be.
func (w *world) order() restore.Order {
	return restore.Order{
		Archive: bytes.NewReader(w.archive), File: "acme.tar.gz", Size: int64(len(w.archive)), Target: w.target, URL: "https://new.example",
		Databases: []restore.Target{{Database: restore.Database{Driver: "mysql", Server: backup.Server{Socket: server.Socket}, Name: w.into, User: w.name, Password: core.NewSecret(password)}}},
		Verify:    backup.VerifyOptions{Signer: w.key, Scratch: w.t.TempDir()}, Clock: coretest.NewClock(),
		Tell: func(e restore.Event) {
			if e.Check != nil {
				w.checks = append(w.checks, *e.Check)
			}
		},
		Agree: func(question string) (bool, error) {
			w.asked = question
			return w.agreed, nil
		},
	}
}

// said returns all that was checked, a line each.
func (w *world) said() string {
	var b strings.Builder
	for _, c := range w.checks {
		fmt.Fprintln(&b, c)
	}
	return b.String()
}

// query asks the new database.
func (w *world) query(sql string) string {
	w.t.Helper()
	out, err := server.Query(w.into, sql)
	check(w.t, err)
	return strings.TrimSpace(out)
}

// untouched makes sure that nothing is left, and that the database is as empty
// as it was.
func (w *world) untouched() {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(w.target))
	check(w.t, err)
	for _, e := range entries {
		w.t.Errorf("left behind: %s", e.Name())
	}
}

// member is one entry of an archive taken apart.
type member struct {
	h    tar.Header
	data []byte
}

func takeApart(t *testing.T, archive []byte) (members []member) {
	t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(archive))
	check(t, err)
	r := tar.NewReader(gz)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return members
		}
		check(t, err)
		data, err := io.ReadAll(r)
		check(t, err)
		members = append(members, member{*h, data})
	}
}

func putTogether(t *testing.T, members []member) []byte {
	t.Helper()
	var out bytes.Buffer
	gz := gzip.NewWriter(&out)
	w := tar.NewWriter(gz)
	for _, m := range members {
		m.h.Size, m.h.PAXRecords, m.h.Format = int64(len(m.data)), nil, tar.FormatPAX
		check(t, w.WriteHeader(&m.h))
		_, err := w.Write(m.data)
		check(t, err)
	}
	check(t, errors.Join(w.Close(), gz.Close()))
	return out.Bytes()
}

func index(t *testing.T, members []member, suffix string) int {
	t.Helper()
	for i, m := range members {
		if strings.HasSuffix(m.h.Name, suffix) {
			return i
		}
	}
	t.Fatalf("no %s in the archive", suffix)
	return -1
}
