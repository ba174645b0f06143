package detect

import (
	"cmp"
	"strings"

	"breakglass/core"
	"breakglass/core/backup/php"
	"breakglass/core/safetext"
)

// sources returns the databases that a Drupal's settings name: one for each key
// of $databases, or those of the $db_url of Drupal 6.
func (d *drupalSettings) sources(file string) (sources []Source) {
	all := d.values["databases"]
	if url := d.values["db_url"]; all.Kind == php.Nothing && url.Kind != php.Nothing {
		return d.oldSources(file, url)
	}
	switch {
	case all.Kind == php.Array && len(all.Items) == 0 && !all.Open, all.Kind == php.Nothing, all.Kind == php.Null:
		d.none = true
		return []Source{{Err: d.unset(file)}}
	case all.Kind != php.Array:
		_, err := plain(all, file, "$databases")
		return []Source{{Err: cmp.Or(err, d.unset(file))}}
	case all.Open:
		sources = append(sources, Source{Err: computed(cmp.Or(all.File, file), "a part of $databases", all.Line)})
	}
	for _, key := range all.Keys() {
		v := all.At(key)
		if v.At("driver").Kind == php.Nothing || v.Kind != php.Array {
			v = v.At("default") // beside it there are only replicas
		}
		if v.Kind == php.Array && v.At("driver").Kind == php.Nothing && v.At("0").Kind == php.Array {
			v = v.At("0") // several servers with the same content
		}
		config, err := d.database(file, v)
		sources = append(sources, Source{Database: config, Err: err})
		if shared := d.shared(v); err == nil && shared != "" {
			sources = append(sources, Source{Err: core.Refuse(core.ErrDatabase, "%s keeps some of its tables in another database, “%s”; ask your web manager to have it backed up too.", file, safetext.Line(shared))})
		}
	}
	return sources
}

func (d *drupalSettings) unset(file string) error {
	if d.readsMore == "" {
		return unset(file, "$databases")
	}
	return core.Refuse(core.ErrDatabase, "%s does not set $databases itself, but reads another file on line %s, which was not looked at; ask your web manager to write it there as plain text.",
		file, d.readsMore[strings.LastIndexByte(d.readsMore, ':')+1:])
}

// database reads one database.
func (d *drupalSettings) database(file string, v php.Value) (Database, error) {
	if v.Kind != php.Array {
		_, err := plain(v, file, "$databases")
		return Database{}, cmp.Or(err, unset(file, "$databases"))
	}
	f := fields{file: file}
	text := func(key string) string { return f.plain(v.At(key), key) }
	kind := text("driver")
	driver, ok := drupalDrivers[kind]
	c := Database{Driver: driver, File: file, Labels: drupalLabels, Name: text("database")}
	switch {
	case f.err != nil:
		return Database{}, f.err
	case !ok:
		return Database{}, unknownDriver(file, "driver")
	case driver == SQLite:
		return c, nil
	}
	c.User, c.Password, c.Charset = text("username"), core.NewSecret(text("password")), text("charset")
	prefix := v.At("prefix")
	if prefix.Kind == php.Array {
		prefix = prefix.At("default")
	}
	c.Prefix = f.plain(prefix, "prefix")
	c.Host = joinAddress(driver, text("host"), text("port"), text("unix_socket"))
	if c.Host == "" && driver == MySQL {
		c.Host = "localhost"
	}
	return c, f.err
}

// shared names a database in which some of the tables lie by their prefix.
func (d *drupalSettings) shared(v php.Value) string {
	prefix := v.At("prefix")
	for _, key := range prefix.Keys() {
		if name, _, ok := strings.Cut(prefix.At(key).Text, "."); ok {
			return name
		}
	}
	return ""
}

// oldSources reads $db_url: a URL, or an array of them.
func (d *drupalSettings) oldSources(file string, v php.Value) (sources []Source) {
	each := []php.Value{v}
	if v.Kind == php.Array {
		each = nil
		for _, key := range v.Keys() {
			each = append(each, v.At(key))
		}
	}
	prefix := d.values["db_prefix"]
	if prefix.Kind == php.Array {
		prefix = prefix.At("default")
	}
	for _, one := range each {
		text, err := plain(one, file, "$db_url")
		var config Database
		if err == nil {
			config, err = ParseURL(file, "$db_url", text)
		}
		if err == nil {
			config.Prefix, err = plain(prefix, file, "$db_prefix")
		}
		sources = append(sources, Source{Database: config, Err: err})
	}
	return sources
}
