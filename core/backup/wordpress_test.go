package backup_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"breakglass/core"
)

// schema is all that a database of a site may hold: text of any script, blobs,
// rows of megabytes, views, triggers, routines, events, generated columns.
const schema = `
CREATE TABLE wp_posts (ID bigint unsigned NOT NULL AUTO_INCREMENT, post_content longtext NOT NULL, post_date datetime NOT NULL DEFAULT '2020-01-01 00:00:00', PRIMARY KEY (ID)) ENGINE=InnoDB;
INSERT INTO wp_posts (post_content) VALUES ('plain'), ('it''s (1,2),(3)'), ('back\\slash \\'' and "double" -- no comment; /* nor this */'),
  ('🦊 naïve 漢字'), ('line\nbreak\r\n\0nul'), (''), ('VALUES (''x'')'), ('-- Dump completed on never\n'), (REPEAT('x(),''', 700000));
CREATE TABLE wp_blobs (id int PRIMARY KEY, b longblob, v varbinary(20), bits bit(9));
INSERT INTO wp_blobs VALUES (1, UNHEX('00FF270A5C22'), UNHEX('2728'), b'101010101'), (2, NULL, '', NULL), (3, RANDOM_BYTES(1024), 'x', b'1');
CREATE TABLE wp_gen (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c varchar(20) AS (concat('v', a)) VIRTUAL);
INSERT INTO wp_gen (a) VALUES (1), (2);
CREATE TABLE wp_old (id int PRIMARY KEY, t text) ENGINE=MyISAM;
INSERT INTO wp_old VALUES (1, 'one'), (2, 'two');
CREATE TABLE wp_empty (id int PRIMARY KEY);
CREATE TABLE ` + "`odd ``name``; (x)`" + ` (id int PRIMARY KEY, ` + "`values (`" + ` int);
INSERT INTO ` + "`odd ``name``; (x)`" + ` VALUES (1, 2), (3, NULL), (4, -5);
CREATE VIEW wp_view AS SELECT ID FROM wp_posts WHERE ID > 1;
CREATE TABLE wp_audit (n int);
DELIMITER ;;
CREATE TRIGGER wp_t AFTER INSERT ON wp_posts FOR EACH ROW BEGIN INSERT INTO wp_audit VALUES (1); END;;
CREATE PROCEDURE p_one() BEGIN -- it's a comment
  INSERT INTO wp_audit VALUES (1), (2); SELECT ';;'; END;;
CREATE FUNCTION f_one(x int) RETURNS int DETERMINISTIC RETURN x + 1;;
CREATE EVENT e_one ON SCHEDULE EVERY 1 DAY DO DELETE FROM wp_audit;;
DELIMITER ;
`

// dbSite makes a WordPress with a database of its own; password is hostile
// enough to break an option file that is not quoted.
func dbSite(t *testing.T, w *world, name string) {
	t.Helper()
	const password = `p#a "q' \n\\ ;=[client]`
	user := "u_" + name
	createDatabase(t, name, user, password)
	w.wordPress(name, user, password, "localhost:"+server.Socket)
}

// createDatabase makes a database for one test.
func createDatabase(t *testing.T, name, user, password string) {
	t.Helper()
	if err := server.CreateDatabase(name, user, password); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.SQL("", "DROP DATABASE `"+name+"`; DROP USER `"+user+"`@localhost"); err != nil {
			t.Error(err)
		}
	})
}

func TestWordPressWithMariaDB(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "wp-full")
	grantAll(t, "wp-full", "u_wp-full")
	if err := server.SQL("wp-full", schema); err != nil {
		t.Fatal(err)
	}
	w.write("index.php", "<?php\n")
	a := w.run()
	if a.result.Verdict != core.VerdictNotes || len(a.result.Notes) != 1 || !strings.Contains(a.result.Notes[0], "wp_old") {
		t.Errorf("want the one note of MyISAM: %+v", a.result)
	}
	restored := a.restore("wp-full", "wp_full_again")
	for _, table := range []string{"wp_posts", "wp_blobs", "wp_gen", "wp_old", "wp_empty", "wp_audit", "odd `name`; (x)"} {
		compareTable(t, "wp-full", restored, table)
		a.wantRows(table, rowsOf(t, "wp-full", table))
	}
	for _, query := range []string{
		"SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1",
		"SELECT ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY 1",
		"SELECT TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
		"SELECT EVENT_NAME, EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
	} {
		want, got := query1(t, "wp-full", query), query1(t, restored, query)
		if want != got || want == "" {
			t.Errorf("%s:\n%s\nrestored:\n%s", query, want, got)
		}
	}
}

// Over TCP on loopback the same comes out as through the socket, and a host that
// the manager vouches for may be used.
func TestWordPressOverTCP(t *testing.T) {
	w := newWorld(t)
	dbSite(t, w, "t_tcp")
	if err := server.SQL("t_tcp", "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(w.root, "wp-config.php"))
	if err != nil {
		t.Fatal(err)
	}
	port := forward(t, server.Socket)
	for _, host := range []string{"127.0.0.1", "127.0.0.2", "[::ffff:127.0.0.1]"} {
		w.write("wp-config.php", strings.Replace(string(text), "localhost:"+server.Socket, fmt.Sprintf("%s:%d", host, port), 1))
		a := w.run()
		if a.result.Rows != 2 || a.result.Verdict != core.VerdictComplete {
			t.Errorf("%s: %+v", host, a.result)
		}
	}
	// 0.0.0.0 reaches this machine too, but is no loopback address.
	w.write("wp-config.php", strings.Replace(string(text), "localhost:"+server.Socket, fmt.Sprintf("0.0.0.0:%d", port), 1))
	w.lacks("not confirmed")
	order := w.order()
	order.DatabaseHost = "0.0.0.0"
	if result, err := w.engine.Run(t.Context(), order, io.Discard, nil); err != nil || result.Rows != 2 {
		t.Errorf("%v %+v", err, result)
	}
}

// forward takes connections on loopback to a socket, and returns its port.
func forward(t *testing.T, socket string) int {
	t.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		work.Wait()
	})
	work.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("unix", socket)
			if err != nil {
				in.Close()
				continue
			}
			pipe := func(to io.Writer, from io.Reader, end func() error) {
				if _, err := io.Copy(to, from); err != nil {
					t.Log(err)
				}
				if err := end(); err != nil {
					t.Log(err)
				}
			}
			work.Go(func() { pipe(out, in, out.(*net.UnixConn).CloseWrite) })
			work.Go(func() { pipe(in, out, func() error { return errors.Join(in.Close(), out.Close()) }) })
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

// grantAll lets a site's user see the routines' text too, which takes more than
// ALL on its database where somebody else defined them.
func grantAll(t *testing.T, _, user string) {
	t.Helper()
	if err := server.SQL("", fmt.Sprintf("GRANT SELECT ON mysql.proc TO `%s`@localhost", user)); err != nil {
		t.Fatal(err)
	}
}

func query1(t *testing.T, database, query string) string {
	t.Helper()
	out, err := server.Query(database, query)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func rowsOf(t *testing.T, database, table string) string {
	t.Helper()
	return strings.TrimSpace(query1(t, database, "SELECT count(*) FROM `"+strings.ReplaceAll(table, "`", "``")+"`"))
}

func compareTable(t *testing.T, before, after, table string) {
	t.Helper()
	quoted := "`" + strings.ReplaceAll(table, "`", "``") + "`"
	for _, query := range []string{"CHECKSUM TABLE " + quoted + " EXTENDED", "SHOW CREATE TABLE " + quoted, "SELECT count(*) FROM " + quoted} {
		want := strings.ReplaceAll(query1(t, before, query), before+".", "")
		got := strings.ReplaceAll(query1(t, after, query), after+".", "")
		if want != got {
			t.Errorf("%s: %q, restored: %q", query, want, got)
		}
	}
}

// restore loads the parts with the stock client into a new database, by the
// very line that the README gives.
func (a *archived) restore(name, into string) string {
	a.t.Helper()
	if err := server.SQL("", "CREATE DATABASE `"+into+"`"); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		if err := server.SQL("", "DROP DATABASE `"+into+"`"); err != nil {
			a.t.Error(err)
		}
	})
	line := fmt.Sprintf("cat database/%s/*.sql | mariadb --no-defaults --user=root --max-allowed-packet=256M --socket=%s --binary-mode %s", name, server.Socket, into)
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = a.dir
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		a.t.Fatalf("restore: %v: %s", err, out)
	}
	return into
}

// wantRows checks a table's line in the manifest.
func (a *archived) wantRows(table, rows string) {
	a.t.Helper()
	for _, line := range a.manifest("table") {
		if line["name"] == table {
			if fmt.Sprint(line["rows"]) != rows {
				a.t.Errorf("manifest: %v, the table has %s rows", line, rows)
			}
			return
		}
	}
	a.t.Errorf("manifest: no line of table %s", table)
}
