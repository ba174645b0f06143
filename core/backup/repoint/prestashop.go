package repoint

import "strings"

// whySocket is said where a configuration names no socket.
const whySocket = "This shop takes the socket of its database from PHP's own configuration (pdo_mysql.default_socket, mysqli.default_socket); see that it stands there."

// prestaShop plans the changes of a PrestaShop: of its parameters from version 1.7
// on, or of the constants of the ones before.
func (j *job) prestaShop() ([]*plan, error) {
	const start = "return.parameters.database_"
	file, old := j.orFile("app/config/parameters.php"), j.in("config/settings.inc.php")
	if strings.HasSuffix(file, "settings.inc.php") || !j.exists(file) && j.exists(old) {
		if j.options.File == "" {
			file = old
		}
		return j.each(j.oldShop(j.value("_DB_NAME_", file)), file)
	}
	d, ok := j.own(j.value(start+"name", file))
	if !ok {
		return j.each(nil, file)
	}
	// The shop itself takes a socket behind the host, its newer back office does not:
	// who wrote it there lives with that.
	host, named := d.host(), strings.Contains(j.value(start+"host", file), ":/")
	if d.Socket != "" && named {
		host = d.joined()
	}
	w := wishes{
		start + "name": {value: d.Name, needed: true}, start + "user": {value: d.User, needed: true},
		start + "password": {value: d.Password.Reveal(), needed: true}, start + "host": {value: host, needed: true},
		start + "port": {value: d.port()},
	}
	if d.Prefix != "" {
		w[start+"prefix"] = wish{value: d.Prefix}
	}
	plans, err := j.each(w, file)
	if len(plans) > 0 && d.Socket != "" && !named {
		plans[0].byHand(0, start+"host", whySocket)
	}
	j.staleFolder("var/cache/prod")
	return plans, err
}

// oldShop are the wishes of a PrestaShop before version 1.7, whose server's name takes
// the port or the socket along.
func (j *job) oldShop(old string) wishes {
	d, ok := j.own(old)
	if !ok {
		return nil
	}
	w := wishes{
		"_DB_NAME_": {value: d.Name, needed: true}, "_DB_USER_": {value: d.User, needed: true},
		"_DB_PASSWD_": {value: d.Password.Reveal(), needed: true}, "_DB_SERVER_": {value: d.joined(), needed: true},
	}
	if d.Prefix != "" {
		w["_DB_PREFIX_"] = wish{value: d.Prefix}
	}
	return w
}
