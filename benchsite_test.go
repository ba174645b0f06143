package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// benchSite is a WordPress as it is after some years: a database, programs, and
// above all pictures.
type benchSite struct {
	b         *testing.B
	dir       string // of the bench
	root      string // of the site
	program   string // breakglass, as it is built for people
	out       string
	databases string // options of MariaDB's clients
}

const (
	benchDatabase = "bench_shop"
	benchPictures = 1100
	benchThumbs   = 8 // of each picture
	benchPlugins  = 6
	benchPosts    = 24000
)

// openBenchSite makes the site, unless an earlier run did, and its database.
func openBenchSite(b *testing.B) *benchSite {
	b.Helper()
	dir, err := filepath.Abs(benchDir)
	must(b, err)
	s := &benchSite{b: b, dir: dir, root: filepath.Join(dir, "site", "shop"), program: filepath.Join(dir, "breakglass"), out: filepath.Join(dir, "out")}
	must(b, os.MkdirAll(dir, 0o755))
	must(b, os.RemoveAll(s.out))
	must(b, os.Mkdir(s.out, 0o755))
	b.Cleanup(func() { must(b, os.RemoveAll(s.out)) })
	mustRun(b, "go", "build", "-o", s.program, ".")
	if _, err := os.Stat(filepath.Join(dir, "made")); errors.Is(err, fs.ErrNotExist) {
		must(b, os.RemoveAll(filepath.Join(dir, "site")))
		s.make()
		must(b, os.WriteFile(filepath.Join(dir, "made"), nil, 0o600))
	}
	s.fillDatabase()
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustRun(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// make writes the site's files.
func (s *benchSite) make() {
	random := sampleRandom()
	source := rand.New(random) //nolint:gosec // pictures, no secrets
	must(s.b, os.MkdirAll(filepath.Dir(s.root), 0o755))
	mustRun(s.b, "cp", "-rL", "/usr/share/wordpress", s.root)
	for n := range benchPlugins {
		s.plugin(filepath.Join(s.root, "wp-content", "plugins", fmt.Sprintf("plugin-%d", n)), source)
	}
	for n := range benchPictures {
		dir := filepath.Join(s.root, "wp-content", "uploads", fmt.Sprint(2016+n%10), fmt.Sprintf("%02d", n%12+1))
		must(s.b, os.MkdirAll(dir, 0o755))
		s.picture(filepath.Join(dir, fmt.Sprintf("photo-%04d.jpg", n)), 300<<10+source.IntN(1800<<10), random)
		for width := range benchThumbs {
			s.picture(filepath.Join(dir, fmt.Sprintf("photo-%04d-%dx%d.jpg", n, 150*(width+1), 100*(width+1))), 5<<10+source.IntN(30<<10)*(width+1), random)
		}
	}
}

// picture writes what does not compress, as pictures and films do not.
func (s *benchSite) picture(path string, size int, random *rand.ChaCha8) {
	data := make([]byte, size)
	_, err := random.Read(data)
	must(s.b, err)
	must(s.b, os.WriteFile(path, data, 0o644))
}

// plugin writes the programs of WordPress with their lines in another order:
// they compress as programs do, and no two files are the same, which would help
// those who store the same only once.
func (s *benchSite) plugin(dir string, source *rand.Rand) {
	must(s.b, filepath.WalkDir(s.root, func(path string, d fs.DirEntry, err error) error {
		relative, _ := filepath.Rel(s.root, path)
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(relative, "wp-content"):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(dir, relative), 0o755)
		case strings.HasPrefix(d.Name(), "wp-"):
			return nil // a plugin is no WordPress
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if lines := bytes.SplitAfter(text, []byte("\n")); bytes.IndexByte(text, 0) < 0 {
			source.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
			text = bytes.Join(lines, nil)
		}
		return os.WriteFile(filepath.Join(dir, relative), text, 0o644)
	}))
}

// fillDatabase fills the database of more than 100 MB, and has the site's
// configuration name it.
func (s *benchSite) fillDatabase() {
	const user, password = "bench_shop", "bench"
	must(s.b, database.CreateDatabase(benchDatabase, user, password))
	s.databases = fmt.Sprintf("--no-defaults --socket=%s --user=%s --password=%s", database.Socket, user, password)
	config := fmt.Sprintf("<?php\ndefine('DB_NAME', '%s');\ndefine('DB_USER', '%s');\ndefine('DB_PASSWORD', '%s');\ndefine('DB_HOST', 'localhost:%s');\n$table_prefix = 'wp_';\n",
		benchDatabase, user, password, database.Socket)
	must(s.b, os.WriteFile(filepath.Join(s.root, "wp-config.php"), []byte(config), 0o644))
	path := filepath.Join(s.dir, "database.sql")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		s.writeSQL(path + ".part")
		must(s.b, os.Rename(path+".part", path))
	}
	mustRun(s.b, "sh", "-c", fmt.Sprintf("mariadb %s --max-allowed-packet=64M %s < %s", s.databases, benchDatabase, path))
}

// writeSQL writes posts and what belongs to them, with the words of WordPress.
func (s *benchSite) writeSQL(path string) {
	text, err := os.ReadFile("/usr/share/wordpress/wp-includes/post.php")
	must(s.b, err)
	words := strings.Fields(strings.NewReplacer("'", "’", `\`, "/").Replace(string(text)))
	source := rand.New(sampleRandom()) //nolint:gosec // no secret
	say := func(n int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = words[source.IntN(len(words))]
		}
		return strings.Join(out, " ")
	}
	f, err := os.Create(path)
	must(s.b, err)
	w := bufio.NewWriter(f)
	fmt.Fprint(w, `CREATE TABLE wp_posts (ID bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, post_author bigint NOT NULL, post_date datetime NOT NULL,
 post_title text NOT NULL, post_content longtext NOT NULL, post_status varchar(20) NOT NULL, KEY author (post_author));
CREATE TABLE wp_postmeta (meta_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, post_id bigint unsigned NOT NULL, meta_key varchar(255), meta_value longtext, KEY post_id (post_id));
BEGIN;
`)
	for n := range benchPosts {
		fmt.Fprintf(w, "INSERT INTO wp_posts VALUES (%d,%d,'2021-%02d-%02d 10:00:00','%s','%s','publish');\n", n+1, n%7, n%12+1, n%28+1, say(5), say(450))
		for meta := range 12 {
			fmt.Fprintf(w, "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (%d,'_key_%d','%s');\n", n+1, meta, say(6))
		}
	}
	fmt.Fprintln(w, "COMMIT;")
	must(s.b, errors.Join(w.Flush(), f.Close()))
}
