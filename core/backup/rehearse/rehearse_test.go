package rehearse_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/backuptest"
	"breakglass/core/backup/rehearse"
	"breakglass/core/coretest"
)

// server is the site's own, which no rehearsal may touch.
var server *backuptest.Server

func TestMain(m *testing.M) {
	if rehearse.Helped() {
		return
	}
	os.Exit(backuptest.Main(m, &server))
}

// schema has what is hard to load as another user: definers who are not there,
// triggers, routines, events, a view, odd names.
const schema = `
CREATE TABLE posts (id int PRIMARY KEY AUTO_INCREMENT, text longtext, d datetime DEFAULT '2020-01-01 00:00:00');
INSERT INTO posts (text) VALUES ('one'), ('two; with ''quotes'''), (REPEAT('x', 3000000));
CREATE TABLE ` + "`odd ``name``; (x)`" + ` (x int) ENGINE=MyISAM;
INSERT INTO ` + "`odd ``name``; (x)`" + ` VALUES (1), (2);
CREATE TABLE empty (x int);
CREATE TABLE audit (x int);
CREATE VIEW some AS SELECT id FROM posts;
DELIMITER ;;
CREATE DEFINER=gone@elsewhere TRIGGER t AFTER INSERT ON posts FOR EACH ROW INSERT INTO audit VALUES (1);;
CREATE DEFINER=gone@elsewhere PROCEDURE p() BEGIN INSERT INTO audit VALUES (1); END;;
CREATE DEFINER=gone@elsewhere EVENT e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO audit VALUES (1);;
DELIMITER ;
`

// archive backs up a WordPress whose database holds what the statements make.
func archive(t *testing.T, name, statements string) []byte {
	t.Helper()
	if err := server.CreateDatabase(name, "u_"+name, "p"); err != nil {
		t.Fatal(err)
	}
	if err := server.SQL("", "GRANT SELECT ON mysql.proc TO u_"+name+"@localhost"); err != nil {
		t.Fatal(err)
	}
	if err := server.SQL(name, statements); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("<?php\ndefine('DB_NAME', '%s');\ndefine('DB_USER', 'u_%[1]s');\ndefine('DB_PASSWORD', 'p');\ndefine('DB_HOST', 'localhost:%s');\n$table_prefix = 'wp_';\n", name, server.Socket)
	return backUp(t, map[string]string{"wp-load.php": "<?php\n", "wp-settings.php": "<?php\n", "wp-config.php": config})
}

// backUp makes a site of some files and returns its archive.
func backUp(t *testing.T, files map[string]string) []byte {
	t.Helper()
	roots := t.TempDir()
	root := filepath.Join(roots, "acme")
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	e, err := backup.New(backup.Options{Roots: []string{roots}, Scratch: filepath.Join(t.TempDir(), "s"), Clock: coretest.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	order := core.BackupOrder{SiteSpec: core.SiteSpec{Site: "acme", Root: root}, Name: "acme-20261124T120000Z", Created: time.Unix(1700000000, 0), Host: "h"}
	if result, err := e.Run(t.Context(), order, &out, nil); err != nil || result.Verdict == core.VerdictNotComplete {
		t.Fatalf("%v %+v", err, result)
	}
	return out.Bytes()
}

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// place is where a test's rehearsals take place, open to whoever runs servers.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "bgp")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// rehearsal runs one, and checks that nothing of it is left.
func rehearsal(t *testing.T, ctx context.Context, o rehearse.Options, archive io.Reader) (core.Rehearsal, error) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = place(t)
	}
	r, err := rehearse.New(o)
	if err != nil {
		t.Fatal(err)
	}
	found, err := r.Rehearse(ctx, archive)
	nothingLeft(t, o.Dir)
	return found, err
}

// nothingLeft checks that no file and no process of a rehearsal is left.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("left: %s", entry.Name())
	}
	for _, pid := range in(t, dir) {
		t.Errorf("process %d is left", pid)
	}
}

// in lists the processes in a directory, or with its name on their command line.
func in(t *testing.T, dir string) (pids []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		cwd, _ := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		line, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if strings.HasPrefix(cwd, dir) || strings.Contains(string(line), dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestARightArchiveIsProved(t *testing.T) {
	data := archive(t, "right", schema)
	found, err := rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(data))
	if err != nil || found.Why != "" || found.Tables != 4 || found.Rows != 5 || !strings.HasPrefix(found.Server, "MariaDB ") || found.Files != 3 {
		t.Errorf("%+v %v", found, err)
	}
	if list, err := server.Query("", "SHOW DATABASES LIKE 'r1'"); err != nil || list != "" {
		t.Errorf("the site's own server was used: %q %v", list, err)
	}
}

// change rewrites a file of an archive, and its manifest's sums with it: it is
// what a broken dumper would have made, not a damaged archive.
func change(t *testing.T, data []byte, suffix, old, with string) []byte {
	t.Helper()
	in, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	r, w := tar.NewReader(in), tar.NewWriter(zip)
	sums := map[string]string{}
	changed := false
	if len(with) < len(old) {
		with += strings.Repeat(" ", len(old)-len(with))
	}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, suffix) && bytes.Contains(content, []byte(old)) {
			before := sha256.Sum256(content)
			content = bytes.Replace(content, []byte(old), []byte(with), 1)
			after := sha256.Sum256(content)
			sums[hex.EncodeToString(before[:])] = hex.EncodeToString(after[:])
			changed = true
		}
		if strings.HasSuffix(h.Name, "/MANIFEST.jsonl") {
			for before, after := range sums {
				content = bytes.ReplaceAll(content, []byte(before), []byte(after))
			}
		}
		if int64(len(content)) != h.Size && h.Typeflag == tar.TypeReg {
			t.Fatal("a change must not change the size")
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zip.Close()); err != nil || !changed {
		t.Fatalf("nothing was changed: %v", err)
	}
	return out.Bytes()
}

// A dump that loads but not to what was there is found out, and the table is
// named: a statement between the dump's own takes a row away, which no hash and
// no count of the dump's text can tell.
func TestALostRowIsFound(t *testing.T) {
	data := archive(t, "lost", "CREATE TABLE wp_options (id int, name varchar(20)); INSERT INTO wp_options VALUES (1, 'a'), (2, 'b'), (3, 'c')")
	data = change(t, data, ".sql", "/*!40000 ALTER TABLE `wp_options` ENABLE KEYS */;", "DELETE FROM `wp_options` WHERE id = 2 LIMIT 1;")
	found, err := rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(data))
	if err != nil || found.Why != core.RehearsalRows || found.What != "wp_options: 2/3" {
		t.Errorf("%+v %v", found, err)
	}
}

func TestWhatTheServerDoesNotTakeIsFound(t *testing.T) {
	data := change(t, archive(t, "broken", "CREATE TABLE a (x int); CREATE TABLE b (x int)"), ".sql", "CREATE TABLE `a`", "CREATE CHAIR `a`")
	found, err := rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(data))
	if err != nil || found.Why == "" || found.Why == core.RehearsalRows {
		t.Errorf("%+v %v", found, err)
	}
	data = change(t, archive(t, "foreign", "CREATE TABLE a (x varchar(9)) COLLATE utf8mb4_general_ci"), ".sql", "COLLATE=utf8mb4_general_ci", "COLLATE=utf8mb4_0900_ai_xx")
	if found, err = rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(data)); err != nil || found.Why != core.RehearsalOtherServer || !strings.Contains(found.What, "0900") {
		t.Errorf("%+v %v", found, err)
	}
}

func TestADamagedArchiveIsFound(t *testing.T) {
	data := archive(t, "damaged", "CREATE TABLE a (x int)")
	data[len(data)/2] ^= 1
	found, err := rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(data))
	if err != nil || found.Why != core.RehearsalDamaged || found.What == "" {
		t.Errorf("%+v %v", found, err)
	}
}

// What this host cannot do is said, and the files are compared all the same.
func TestWithoutAServer(t *testing.T) {
	data := archive(t, "without", "CREATE TABLE a (x int)")
	found, err := rehearsal(t, t.Context(), rehearse.Options{Path: []string{}}, bytes.NewReader(data))
	if err != nil || found.Why != core.RehearsalNoServer || found.Files != 3 {
		t.Errorf("no server: %+v %v", found, err)
	}
	found, err = rehearsal(t, t.Context(), rehearse.Options{Path: []string{}}, bytes.NewReader(backUp(t, map[string]string{"index.html": "x"})))
	if err != nil || found.Why != "" || found.Files != 1 || found.Server != "" {
		t.Errorf("a static site: %+v %v", found, err)
	}
	if os.Getuid() == 0 {
		found, err = rehearsal(t, t.Context(), rehearse.Options{User: "no-such-user"}, bytes.NewReader(data))
		if err != nil || found.Why != core.RehearsalNoUser {
			t.Errorf("no user: %+v %v", found, err)
		}
	}
	broken := t.TempDir()
	for _, name := range []string{"mariadbd", "mariadb", "mariadb-install-db"} {
		if err := os.WriteFile(filepath.Join(broken, name), []byte("#!/bin/sh\necho it is broken >&2\nexit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(filepath.Dir(broken), 0o755), os.Chmod(broken, 0o755)); err != nil {
		t.Fatal(err)
	}
	found, err = rehearsal(t, t.Context(), rehearse.Options{Path: []string{broken}}, bytes.NewReader(data))
	if err != nil || found.Why != core.RehearsalNoStart || !strings.Contains(found.What, "it is broken") {
		t.Errorf("a broken one: %+v %v", found, err)
	}
}

// What a hostile dump tries is refused: it reaches no file and no other user.
func TestAHostileDumpReachesNothing(t *testing.T) {
	mark := filepath.Join(place(t), "out")
	if err := os.Chmod(filepath.Dir(mark), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, statement := range map[string]string{
		"file":     "SELECT 'x' INTO OUTFILE '" + mark + "';",
		"shell":    "\\! touch " + mark + "\n",
		"load":     "CREATE TABLE h (x text); LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE h;",
		"read":     "CREATE TABLE g (x text); INSERT INTO g VALUES (LOAD_FILE('/etc/hostname'));",
		"global":   "SET GLOBAL event_scheduler = ON;",
		"user":     "CREATE USER other@localhost;",
		"system":   "INSERT INTO mysql.plugin VALUES ('x', 'y');",
		"root":     "SET PASSWORD FOR root@localhost = '';",
		"shutdown": "SHUTDOWN;",
	} {
		t.Run(name, func(t *testing.T) {
			data := archive(t, "h_"+name, "CREATE TABLE a (x varchar(255)) COMMENT '"+strings.Repeat("-", 300)+"'")
			old := "COMMENT='" + strings.Repeat("-", 300) + "';"
			with := "COMMENT='-'; " + statement
			found, err := rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(change(t, data, ".sql", old, with)))
			if _, there := os.Stat(mark); there == nil {
				t.Fatal("it wrote a file")
			}
			if err != nil || found.Why != core.RehearsalRefused && name != "read" {
				t.Errorf("%+v %v", found, err)
			}
			t.Logf("%s: %s", found.Why, found.What)
		})
	}
}

// stalling gives all of an archive but its end, and waits there.
type stalling struct {
	data  []byte
	there chan struct{}
	ctx   context.Context
}

func (s *stalling) Read(p []byte) (int, error) {
	if len(s.data) > 0 {
		n := copy(p, s.data)
		s.data = s.data[n:]
		return n, nil
	}
	if s.there != nil {
		close(s.there)
		s.there = nil
	}
	<-s.ctx.Done()
	return 0, context.Cause(s.ctx)
}

// A rehearsal that is ended in the middle leaves no process and no file, and so
// does one that takes too long, too much memory or too much disk.
func TestItEndsAtItsBounds(t *testing.T) {
	data := archive(t, "bounds", "CREATE TABLE a (x longblob); INSERT INTO a SELECT RANDOM_BYTES(1024) FROM seq_1_to_4000")
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		there, dir := make(chan struct{}), place(t)
		go func() {
			<-there
			for until := time.Now().Add(patience); len(in(t, dir)) < 2 && time.Now().Before(until); { // a server and a client
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		_, err := rehearsal(t, ctx, rehearse.Options{Dir: dir}, &stalling{data[:len(data)*9/10], there, ctx})
		if !errors.Is(err, core.ErrCancelled) {
			t.Errorf("%v", err)
		}
	})
	for name, c := range map[string]struct {
		options rehearse.Options
		why     core.RehearsalProblem
	}{
		"time":   {rehearse.Options{Time: time.Second}, core.RehearsalTime},
		"memory": {rehearse.Options{Memory: 40 << 20}, core.RehearsalMemory},
		"disk":   {rehearse.Options{Reserve: 1 << 60}, core.RehearsalDisk},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := rehearsal(t, t.Context(), c.options, bytes.NewReader(data))
			if err != nil || found.Why != c.why {
				t.Errorf("%+v %v", found, err)
			}
		})
	}
}

// What a crash left is removed at the next start, and only what is this
// console's own.
func TestNewSweeps(t *testing.T) {
	dir := place(t)
	r, err := rehearse.New(rehearse.Options{Dir: dir, Name: "mine"})
	if err != nil || r == nil {
		t.Fatal(err)
	}
	data := archive(t, "sweeps", "CREATE TABLE a (x longblob); INSERT INTO a SELECT RANDOM_BYTES(1024) FROM seq_1_to_4000")
	ctx, cancel := context.WithCancel(t.Context())
	there := make(chan struct{})
	ended := make(chan error)
	go func() {
		_, err := r.Rehearse(ctx, &stalling{data[:len(data)*9/10], there, ctx})
		ended <- err
	}()
	<-there
	var names []string
	for until := time.Now().Add(patience); (len(names) == 0 || len(in(t, dir)) < 1) && time.Now().Before(until); {
		names, err = filepath.Glob(dir + "/*")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := rehearse.New(rehearse.Options{Dir: dir, Name: "another's"}); err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no directory")
	}
	if _, err := os.Stat(names[0]); err != nil {
		t.Errorf("another's was swept: %v", err)
	}
	if info, err := os.Stat(names[0]); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others can enter it: %v %v", info, err)
	}
	if os.Getuid() == 0 {
		if info, err := os.Stat(names[0]); err != nil || info.Sys().(*syscall.Stat_t).Uid == 0 {
			t.Errorf("it is root's: %v", err)
		}
	}
	if _, err := rehearse.New(rehearse.Options{Dir: dir, Name: "mine"}); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("its end is no error")
	}
	nothingLeft(t, dir)
}
