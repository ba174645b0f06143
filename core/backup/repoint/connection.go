package repoint

// names are the settings that say where a program's own database is.
type names struct{ database, user, password, host, prefix string }

// The settings of programs whose server's name takes the port or the socket along.
var (
	wordPressNames = names{"DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "table_prefix"}
	joomlaNames    = names{"db", "user", "password", "host", "dbprefix"}
	oldShopNames   = names{"_DB_NAME_", "_DB_USER_", "_DB_PASSWD_", "_DB_SERVER_", "_DB_PREFIX_"}
	mediaWikiNames = names{"wgDBname", "wgDBuser", "wgDBpassword", "wgDBserver", "wgDBprefix"}
)

// oneServer are the wishes of such a program, nil where it is not known where its
// database went.
func (j *job) oneServer(n names, file string) wishes {
	d, ok := j.own(j.value(n.database, file))
	if !ok {
		return nil
	}
	w := wishes{
		n.database: {value: d.Name, needed: true}, n.user: {value: d.User, needed: true},
		n.password: {value: d.Password.Reveal(), needed: true}, n.host: {value: d.joined(), needed: true},
	}
	if d.Prefix != "" {
		w[n.prefix] = wish{value: d.Prefix, needed: n == wordPressNames}
	}
	return w
}

// socketOrPort are the wishes of a connection in an array that has keys for the host,
// the port and the socket: one of the latter is put behind the host where it is missing.
func socketOrPort(own string, d Database) wishes {
	w := wishes{
		own + "password": {value: d.Password.Reveal(), needed: true}, own + "host": {value: d.host(), needed: true},
		own + "port": {value: d.port()}, own + "unix_socket": {null: true},
	}
	switch {
	case d.Socket != "":
		w[own+"unix_socket"] = wish{value: d.Socket, after: own + "host"}
	case d.Port != 0:
		w[own+"port"] = wish{value: d.port(), after: own + "host"}
	}
	return w
}
