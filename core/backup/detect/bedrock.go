package detect

import (
	"path"
	"regexp"

	"breakglass/core"
	"breakglass/core/backup/php"
)

// bedrockForm is how a wp-config.php says that its values come from a .env file:
// as Bedrock's does, or with the library that reads such files.
var bedrockForm = regexp.MustCompile(`config/application\.php|\bDotenv\b`)

// readBedrock reads the .env file of a WordPress whose wp-config.php says nothing
// itself: beside it, else one level up, as Bedrock's web/wp-config.php wants it.
// Without such a file the refusal of the wp-config.php stands.
func (s *Site) readBedrock(in *Install, refusal error) (Database, error) {
	if !bedrockForm.Match(in.text) {
		return Database{}, refusal
	}
	places := []place{{site: s, dir: ".", above: true}}
	if in.config != "" {
		dir := path.Dir(in.config)
		places = []place{{site: s, dir: dir}, {site: s, dir: path.Dir(dir), above: dir == "."}}
	}
	for _, p := range places {
		env := environment{}
		found, err := p.env(env, ".env", envLaravel)
		if err != nil {
			return Database{}, err
		}
		if !found {
			continue
		}
		if url := env.get("DATABASE_URL"); url.Text != "" || url.Kind == php.Unknown {
			config, err := p.databaseURL(env["DATABASE_URL"], "DATABASE_URL")
			config.Prefix = env.get("DB_PREFIX").Text
			return config, err
		}
		return bedrockDatabase(p.called(".env"), env)
	}
	return Database{}, refusal
}

func bedrockDatabase(file string, env environment) (Database, error) {
	f := fields{file: file}
	get := func(name string) string { return f.plain(env.get(name), name) }
	c := Database{
		Driver: MySQL, File: file, Labels: wpLabels, Name: get("DB_NAME"), User: get("DB_USER"), Password: core.NewSecret(get("DB_PASSWORD")),
		Host: get("DB_HOST"), Charset: get("DB_CHARSET"), Prefix: get("DB_PREFIX"),
	}
	switch {
	case f.err != nil:
		return Database{}, f.err
	case c.Name == "":
		return Database{}, unset(file, "DB_NAME")
	case c.Host == "":
		c.Host = "localhost"
	}
	return c, nil
}
