package restore

import (
	"os"
	"path/filepath"
	"testing"
)

// The address that a program keeps in its .env is the site's old one, unless it is
// computed or a developer's own machine.
func TestEnvAddress(t *testing.T) {
	for text, want := range map[string]string{
		"APP_NAME=x\nAPP_URL=https://acme.example\n":               "https://acme.example",
		"APP_URL=\"https://acme.example/shop/\" # the shop\r\n":    "https://acme.example/shop",
		"export APP_URL='http://acme.example:8080'":                "http://acme.example:8080",
		"APP_URL=http://a.example\nAPP_URL=http://b.example\n":     "http://b.example",
		"DEFAULT_URI=https://d.example\nWP_HOME=https://w.example": "https://w.example",
		"APP_URL=http://localhost\nDEFAULT_URI=https://d.example":  "https://d.example",
		"APP_URL=http://localhost:8000\n":                          "",
		"APP_URL=http://localhost.example\n":                       "http://localhost.example",
		"APP_URL=http://127.0.0.1/x\n":                             "",
		"APP_URL=https://${HOST}/\n":                               "",
		"#APP_URL=https://acme.example\n":                          "",
		"MY_APP_URL=https://acme.example\n":                        "",
		"APP_URL=acme.example\n":                                   "",
		"":                                                         "",
	} {
		if got := envAddress([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Where the site's directory is a public/, its .env came from above it. A link that
// leads out is not followed.
func TestSearchEnv(t *testing.T) {
	dir := t.TempDir()
	p := place{target: filepath.Join(dir, "site"), beside: filepath.Join(dir, "site.restore")}
	outside := filepath.Join(p.beside, archiveDir, "outside")
	for _, d := range []string{p.target, outside} {
		must(t, os.MkdirAll(d, 0o755))
	}
	r := &run{place: p}
	found := func(want ...string) {
		t.Helper()
		got, err := r.searchEnv()
		if err != nil || len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	found()
	stranger := filepath.Join(dir, "stranger")
	must(t, os.WriteFile(stranger, []byte("APP_URL=https://stranger.example\n"), 0o600))
	must(t, os.Symlink(stranger, filepath.Join(p.target, ".env")))
	found()
	must(t, os.WriteFile(filepath.Join(outside, ".env"), []byte("APP_URL=https://above.example\n"), 0o600))
	found("https://above.example")
	must(t, os.WriteFile(filepath.Join(p.target, ".env.local"), []byte("APP_URL=https://local.example\n"), 0o600))
	found("https://local.example")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
