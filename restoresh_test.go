package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A new manager who has never heard of breakglass brings a real WordPress back
// with the script in the archive: another directory, another database, the same
// domain. The shells are dash and busybox, the latter with its own tools alone.
func TestStockToolsBringWordPressBack(t *testing.T) {
	sites := t.TempDir()
	w := installWordPress(t, filepath.Join(sites, "acme"))
	w.giveTheme(t)
	file := filepath.Join(t.TempDir(), "acme.tar.gz")
	if out, err := program("backup", w.root, "--output", file).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	before := w.tables(t, w.database)
	applets := t.TempDir()
	if out, err := exec.Command("busybox", "--install", "-s", applets).CombinedOutput(); err != nil {
		t.Fatalf("busybox; run `task setup`: %v\n%s", err, out)
	}
	check(t, os.Symlink("/usr/bin/mariadb", filepath.Join(applets, "mariadb")))
	for name, shell := range map[string][]string{"dash": {"/usr/bin:/bin", "/bin/dash"}, "busybox": {applets, "/bin/busybox", "sh"}} {
		t.Run(name, func(t *testing.T) {
			top := unpackWith(t, file, shell[0])
			into := "wp_by_" + name
			check(t, database.CreateDatabase(into, w.user, w.password))
			target := filepath.Join(t.TempDir(), "htdocs")
			cmd := exec.Command(shell[1], append(shell[2:], "restore.sh", "--to", target, "--database", into, "--user", w.user, "--socket", database.Socket)...)
			cmd.Dir, cmd.Env, cmd.Stdin = top, []string{"PATH=" + shell[0], "TMPDIR=" + t.TempDir()}, strings.NewReader(w.password+"\n")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("restore.sh: %v\n%s", err, out)
			}
			after := w.tables(t, into)
			for name, table := range before {
				if after[name] != table {
					t.Errorf("table %s was\n%s\nand is\n%s", name, table, after[name])
				}
			}
			check(t, os.Rename(w.root, w.root+".gone")) // the old site must not help
			page := frontPage(t, target)
			check(t, os.Rename(w.root+".gone", w.root))
			for _, part := range []string{"<title>Acme Bakery", "Post 299", "🥖", "http://acme.example"} {
				if !strings.Contains(page, part) {
					t.Errorf("the front page lacks %q:\n%.2000s", part, page)
				}
			}
		})
	}
}

// giveTheme makes a small theme the site's own: Debian's WordPress has none.
func (w wordPress) giveTheme(t *testing.T) {
	t.Helper()
	for name, text := range map[string]string{
		"style.css": "/*\nTheme Name: Acme\n*/\n",
		"index.php": `<!DOCTYPE html><html><head><title><?php bloginfo('name'); ?></title><?php wp_head(); ?></head><body>
<?php while (have_posts()) { the_post(); the_title('<h1>', '</h1>'); the_permalink(); the_content(); } wp_footer(); ?></body></html>`,
	} {
		path := filepath.Join(w.root, "wp-content/themes/acme", name)
		check(t, os.MkdirAll(filepath.Dir(path), 0o755)) //nolint:gosec // a website is readable
		check(t, os.WriteFile(path, []byte(text), 0o600))
	}
	_, err := w.open(t, w.database).Exec("UPDATE wp_options SET option_value = 'acme' WHERE option_name IN ('template', 'stylesheet')")
	check(t, err)
}

// unpackWith unpacks an archive with the tar and gzip of a PATH.
func unpackWith(t *testing.T, file, path string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("/bin/sh", "-c", `PATH=$0; gzip -dc "$1" | tar -xf -`, path, file)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	tops, err := filepath.Glob(dir + "/*")
	check(t, err)
	if len(tops) != 1 {
		t.Fatalf("at the top of the archive: %q", tops)
	}
	return tops[0]
}

// frontPage lets PHP's own server serve a WordPress under its domain, and
// returns its first page.
func frontPage(t *testing.T, root string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	port := freePort(t)
	server := exec.CommandContext(ctx, "php", "-d", "display_errors=1", "-S", "127.0.0.1:"+port, "-t", root)
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	server.Cancel = func() error { return syscall.Kill(-server.Process.Pid, syscall.SIGKILL) }
	log, err := os.Create(filepath.Join(t.TempDir(), "php.log"))
	check(t, err)
	server.Stdout, server.Stderr = log, log
	check(t, server.Start())
	defer func() { stop(); _ = server.Wait(); _ = log.Close() }()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var page string
	eventually(t, "PHP serves the site", func() bool {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%s/", port), nil)
		check(t, err)
		request.Host = "acme.example"
		answer, err := client.Do(request)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		check(t, err)
		if page = string(text); answer.StatusCode != http.StatusOK {
			t.Fatalf("the front page: %s, to %q\n%.2000s", answer.Status, answer.Header.Get("Location"), page)
		}
		return true
	})
	return page
}

// A person at a terminal who names a directory with something in it is asked again at
// once, before the other questions.
func TestRestoreScriptAsksAgainForADirectory(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "acme")
	check(t, os.MkdirAll(root, 0o755)) //nolint:gosec // a website is readable
	check(t, os.WriteFile(filepath.Join(root, "index.html"), []byte("bread"), 0o600))
	file := filepath.Join(dir, "acme.tar.gz")
	if out, err := program("backup", root, "--output", file).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	top := unpackWith(t, file, "/usr/bin:/bin")
	s := openTerminal(t, 120, 30, nil, "env", "-C", top, "sh", "restore.sh")
	for _, dialogue := range []struct{ asked, answer string }{
		{"files, empty or new: [" + root + "]", ""},
		{root + " is not empty; choose another.", filepath.Join(dir, "new")},
	} {
		s.shows(dialogue.asked)
		s.types(dialogue.answer)
		s.press("Enter")
	}
	s.shows("Done: the website is in " + filepath.Join(dir, "new"))
	if got := readFile(t, filepath.Join(dir, "new", "index.html")); got != "bread" {
		t.Errorf("%q", got)
	}
}
