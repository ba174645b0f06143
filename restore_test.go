package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A new manager brings a real WordPress back to another directory, another
// database and another address, and people who visit it see it whole.
func TestRestoreBringsWordPressToAnotherAddress(t *testing.T) {
	sites := t.TempDir()
	w := installWordPress(t, filepath.Join(sites, "acme"))
	w.giveTheme(t)
	w.givePicture(t)
	key := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	file := filepath.Join(t.TempDir(), "acme.tar.gz")
	if out, err := program("backup", w.root, "--output", file, "--key", key).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	const into = "wp_moved"
	check(t, database.CreateDatabase(into, w.user, w.password))
	t.Cleanup(func() { check(t, database.SQL("", "DROP DATABASE "+into)) })
	target, port := filepath.Join(t.TempDir(), "htdocs"), freePort(t)
	address := "http://127.0.0.1:" + port
	password := filepath.Join(t.TempDir(), "password")
	check(t, os.WriteFile(password, []byte(w.password+"\n"), 0o600))
	check(t, os.Rename(w.root, w.root+".gone")) // the old site must not help
	cmd := program("restore", file, "--to", target, "--database", "mysql://"+w.user+"@/"+into+"?socket="+database.Socket, "--password-file", password,
		"--url", address, "--signer", key+".pub")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("restore: %v\n%s", err, out)
	}
	for _, said := range []string{
		"✓ Database: “wp_moved” is empty", "✓ Signature: signed by SHA256:", "✓ Tables: all ", "✓ Address: “home” of the site is " + address,
		"✓ Configuration: with it the site reaches “wp_moved”", "wp-config.php, line ", "TAKEOVER.txt",
	} {
		if !strings.Contains(string(out), said) {
			t.Errorf("not said: %s", said)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
	w.noTrace(t, into)
	w.nestedIntact(t, into, address)
	servePHP(t, target, port)
	visit(t, address)
	logIn(t, address)
}

// givePicture makes a post of an uploaded picture.
func (w wordPress) givePicture(t *testing.T) {
	t.Helper()
	_, err := w.open(t, w.database).Exec(`UPDATE wp_posts SET post_title = 'Our bread', post_content = '<p>Fresh</p><img src="http://acme.example/wp-content/uploads/2026/11/l%C3%B6af.png">', post_name = 'our-bread'
		WHERE post_title = 'Post 299'`)
	check(t, err)
	theme := filepath.Join(w.root, "wp-content/themes/acme/index.php")
	text := readFile(t, theme)
	text = strings.Replace(text, "</head>", "<script>addEventListener('load', () => { for (const i of document.querySelectorAll('img[src*=uploads]')) i.alt = 'seen ' + i.naturalWidth; });</script></head>", 1)
	check(t, os.WriteFile(theme, []byte(text), 0o600))
}

// noTrace dumps a database and looks for the old address.
func (w wordPress) noTrace(t *testing.T, name string) {
	t.Helper()
	cmd := exec.Command("mariadb-dump", "--no-defaults", "--socket="+database.Socket, "--user=root", "--skip-extended-insert", name)
	out, err := cmd.Output()
	check(t, err)
	for line := range strings.SplitSeq(string(out), "\n") {
		if strings.Contains(line, "acme.example") || strings.Contains(line, w.root) {
			t.Errorf("a trace of the old address: %.300s", line)
		}
	}
}

// nestedIntact compares a nested option with what PHP would have written.
func (w wordPress) nestedIntact(t *testing.T, name, address string) {
	t.Helper()
	var got string
	check(t, w.open(t, name).QueryRow("SELECT option_value FROM wp_options WHERE option_name = 'acme_nested'").Scan(&got))
	moved := address + "/x"
	want := fmt.Sprintf("a:3:{s:3:\"url\";s:%d:\"%s\";s:4:\"list\";a:5:{i:0;i:1;i:1;d:2.5;i:2;N;i:3;b:1;i:4;s:17:\"quote ' \" \\ \x00 end\";}s:5:\"emoji\";s:4:\"🥖\";}", len(moved), moved)
	if got != want {
		t.Errorf("the nested option is\n%q\nand not\n%q", got, want)
	}
}

// servePHP lets PHP's own server serve a site for the rest of the test.
func servePHP(t *testing.T, root, port string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, "php", "-d", "display_errors=1", "-S", "127.0.0.1:"+port, "-t", root)
	server.Env = append(os.Environ(), "PHP_CLI_SERVER_WORKERS=4")
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	server.Cancel = func() error { return syscall.Kill(-server.Process.Pid, syscall.SIGKILL) }
	check(t, server.Start())
	t.Cleanup(func() { stop(); _ = server.Wait() })
	eventually(t, "PHP serves", func() bool {
		r, err := http.Get("http://127.0.0.1:" + port + "/wp-includes/images/blank.gif")
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil
	})
}

// chromium opens a page and returns what it became, scripts run and pictures
// loaded, and a picture of it.
func chromium(t *testing.T, address string) (dom string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	profile := t.TempDir()
	cmd := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--user-data-dir="+profile,
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=3000", "--dump-dom", address)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium %s; run `task setup`: %v", address, err)
	}
	return string(out)
}

// visit looks at the site as its visitors do.
func visit(t *testing.T, address string) {
	t.Helper()
	front := chromium(t, address+"/")
	for _, part := range []string{"<title>Acme Bakery", "Our bread", "Post 298", "🥖", `alt="seen 64"`} {
		if !strings.Contains(front, part) {
			t.Errorf("the front page lacks %q:\n%.2000s", part, front)
		}
	}
	if strings.Contains(front, "acme.example") {
		t.Error("the front page names the old address")
	}
	at := strings.Index(front, address+"/?p=")
	if at < 0 {
		t.Fatal("the front page links to no post")
	}
	post := front[at : at+strings.IndexFunc(front[at:], func(r rune) bool { return !strings.ContainsRune("htp:/127.0?=", r) && (r < '0' || r > '9') })]
	if page := chromium(t, post); !strings.Contains(page, "Our bread") || !strings.Contains(page, `alt="seen 64"`) || strings.Contains(page, "Post 298") {
		t.Errorf("%s:\n%.2000s", post, page)
	}
	if page := chromium(t, address+"/wp-login.php"); !strings.Contains(page, `id="loginform"`) || !strings.Contains(page, address+"/wp-login.php") {
		t.Errorf("the login page:\n%.2000s", page)
	}
	_, picture := get(t, http.DefaultClient, address+"/wp-content/uploads/2026/11/l%C3%B6af.png")
	if !strings.HasPrefix(picture, "\x89PNG") {
		t.Errorf("the picture is %x", sha256.Sum256([]byte(picture)))
	}
}

func get(t *testing.T, client *http.Client, address string) (status int, body string) {
	t.Helper()
	r, err := client.Get(address)
	check(t, err)
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	check(t, err)
	return r.StatusCode, string(text)
}

// logIn logs in as the site's administrator.
func logIn(t *testing.T, address string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	check(t, err)
	client := &http.Client{Jar: jar, Timeout: patience}
	get(t, client, address+"/wp-login.php")
	r, err := client.PostForm(address+"/wp-login.php", url.Values{"log": {"admin"}, "pwd": {"pass-word"}, "testcookie": {"1"}, "redirect_to": {address + "/wp-admin/"}})
	check(t, err)
	defer func() { _ = r.Body.Close() }()
	page, err := io.ReadAll(r.Body)
	check(t, err)
	if !strings.Contains(string(page), "Dashboard") || r.Request.URL.Path != "/wp-admin/" {
		t.Errorf("no login: %s %s\n%.2000s", r.Status, r.Request.URL, page)
	}
}
