package repoint

import (
	"path"
	"strings"
)

// whySocket is said where a configuration names no socket.
const whySocket = "This shop takes the socket of its database from PHP's own configuration (pdo_mysql.default_socket, mysqli.default_socket); see that it stands there."

// oldShopFile is where a PrestaShop before version 1.7 has its constants.
const oldShopFile = "config/settings.inc.php"

// prestaShop plans the changes of a PrestaShop: of its parameters from version 1.7
// on, or of the constants of the ones before.
func (j *job) prestaShop() ([]*plan, error) {
	const start = "return.parameters.database_"
	file := j.orFile("app/config/parameters.php", oldShopFile)
	if path.Base(file) == path.Base(oldShopFile) {
		return j.each(j.oneServer(oldShopNames, file), file)
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
