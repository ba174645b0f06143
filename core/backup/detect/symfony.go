package detect

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/php"
	"breakglass/core/safetext"
)

var symfonyProgram = program{
	name: "Symfony", markers: []string{"bin/console"},
	version: "vendor/symfony/http-kernel/Kernel.php", form: regexp.MustCompile(`const VERSION\s*=\s*'([0-9A-Za-z.+-]{1,32})'`),
	read: readSymfony,
}

// readSymfony reads the .env files in the order in which Symfony does: a later
// one overrides, and .env.local.php stands for them all.
func readSymfony(p place) ([]Source, error) {
	if text, found, err := p.file(".env.local.php"); err != nil || found {
		if err != nil {
			return nil, err
		}
		return p.databaseURLs(fromArray(php.Returned(p.called(".env.local.php"), text)))
	}
	env := environment{}
	first := ".env"
	found, err := p.env(env, first, envSymfony)
	if err == nil && !found {
		first = ".env.dist"
		found, err = p.env(env, first, envSymfony)
	}
	if err == nil {
		var local bool
		local, err = p.env(env, ".env.local", envSymfony)
		found = found || local
	}
	if err != nil {
		return nil, err
	}
	stage := env.get("APP_ENV").Text
	if stage == "" {
		stage = "dev"
	}
	if err := p.stage(env, stage); err != nil {
		return nil, err
	}
	if stage != "prod" { // a variable of the web server may say otherwise
		other := maps.Clone(env)
		if err := p.stage(other, "prod"); err != nil {
			return nil, err
		}
		if a, b := env["DATABASE_URL"], other["DATABASE_URL"]; a.text != b.text || a.known != b.known {
			return nil, core.Refuse(core.ErrDatabase, "%s and %s name different databases, and which one is used depends on APP_ENV; ask your web manager to leave the one that is used.",
				safetext.Line(a.named(p.called(first))), safetext.Line(b.file))
		}
	}
	if !found && (p.site.known[p.dir] || !p.usesDoctrine()) {
		return nil, nil
	}
	return p.databaseURLs(env)
}

// stage reads the files of one APP_ENV.
func (p place) stage(env environment, stage string) error {
	if strings.Trim(stage, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return computed(p.called(".env"), "APP_ENV", env["APP_ENV"].line)
	}
	for _, name := range []string{".env." + stage, ".env." + stage + ".local"} {
		if _, err := p.env(env, name, envSymfony); err != nil {
			return err
		}
	}
	return nil
}

func (v envValue) named(other string) string {
	if v.file == "" {
		return other
	}
	return v.file
}

// env adds what one .env file of the program sets.
func (p place) env(env environment, name string, dialect envDialect) (found bool, err error) {
	text, found, err := p.file(name)
	if err != nil || !found {
		return false, err
	}
	env.read(p.called(name), text, dialect)
	return true, nil
}

// fromArray takes variables from an array of PHP.
func fromArray(v php.Value) environment {
	env := environment{}
	if v.Kind != php.Array {
		env["DATABASE_URL"] = envValue{file: v.File, line: v.Line}
	}
	for _, key := range v.Keys() {
		item := v.At(key)
		env[key] = envValue{text: item.Text, known: item.Kind == php.Scalar || item.Kind == php.Null, file: item.File, line: item.Line}
	}
	return env
}

// usesDoctrine reports whether the program says that it has a database.
func (p place) usesDoctrine() bool {
	if p.above {
		return true // what lies above is read for its configuration only
	}
	text, found, err := p.file("composer.json")
	return err != nil || !found || strings.Contains(string(text), "doctrine/doctrine-bundle") || strings.Contains(string(text), "doctrine/orm")
}

// databaseURLs makes a source of DATABASE_URL, and of each variable whose name
// ends with that.
func (p place) databaseURLs(env environment) (sources []Source, err error) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if name != "DATABASE_URL" && !strings.HasSuffix(name, "_DATABASE_URL") {
			continue
		}
		v := env[name]
		if v.known && (v.text == "" || name != "DATABASE_URL" && !namesDatabase(v.text)) {
			continue
		}
		config, err := p.databaseURL(v, name)
		sources = append(sources, Source{Database: config, Err: err})
	}
	if len(sources) == 0 && p.usesDoctrine() {
		return nil, unset(p.called(".env"), "DATABASE_URL")
	}
	return sources, nil
}

func namesDatabase(text string) bool {
	scheme, _, _ := strings.Cut(text, ":")
	_, ok := urlDrivers[strings.ToLower(scheme)]
	return ok
}

// databaseURL reads one variable that holds a URL.
func (p place) databaseURL(v envValue, name string) (Database, error) {
	if !v.known {
		return Database{}, computed(v.file, name, v.line)
	}
	dir := p.site.root.Path
	if p.dir != "." {
		dir += "/" + p.dir
	}
	if p.above {
		dir = path.Dir(dir)
	}
	// Symfony puts these in itself.
	text := strings.NewReplacer("%kernel.project_dir%", dir, "%kernel.environment%", "prod").Replace(v.text)
	return ParseURL(safetext.Line(v.file), name, text)
}
