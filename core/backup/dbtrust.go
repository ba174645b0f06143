package backup

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"os/user"

	"breakglass/core"
	"breakglass/core/backup/detect"
	"breakglass/core/safetext"
)

// refuseOurUser refuses a database user without a password that is called as the
// one who runs this console: such a user is known by the socket, or not at all,
// and is never a site's own.
func refuseOurUser(config detect.Database, host dbHost) error {
	if host.Remote || !config.Password.IsZero() {
		return nil
	}
	own, err := user.Current()
	if err != nil {
		return fmt.Errorf("find who runs this console: %w", err)
	}
	if own.Username != config.User && config.User != "" {
		return nil
	}
	return core.Refuse(core.ErrDatabase, "The site names “%s” without a password as the user of the database “%s”, which is who runs this console; that proves nothing about the site. Ask your web manager to give the site a database user with a password of its own.",
		safetext.Line(cmp.Or(config.User, own.Username)), safetext.Line(config.Name))
}

// refuseTrust refuses a user whom the server lets in with any password: then it
// knows this process by its socket (MariaDB's unix_socket, MySQL's auth_socket)
// and not the site by its password. A hacked site that names root as its user
// would else be handed every neighbour's database.
func refuseTrust(ctx context.Context, config detect.Database, host dbHost) error {
	if host.Socket == "" {
		return nil // who is at the other end of TCP, a server cannot know
	}
	config.Password = core.NewSecret(rand.Text())
	db, err := openDatabase(config, host)
	if err != nil {
		return databaseError(config.Name, err)
	}
	defer db.Close() //nolint:errcheck // nothing was written
	if err := db.PingContext(ctx); err != nil {
		return unproved(ctx, config, err)
	}
	return core.Refuse(core.ErrDatabase,
		"The database server lets the user “%s” of the database “%s” in without its password, because of who runs this console; that proves nothing about the site. Ask your web manager to give the site a database user with a password of its own.",
		safetext.Line(config.User), safetext.Line(config.Name))
}

// unproved judges why a wrong password did not open a database. nil: the server
// refused it, as it should. Any other reason, such as too many connections, proves
// nothing: the next connection could be let in for who we are.
func unproved(ctx context.Context, config detect.Database, err error) error {
	switch {
	case isRefused(err):
		return nil // the right password comes next
	case ctx.Err() != nil:
		return fmt.Errorf("look at database: %w", context.Cause(ctx))
	}
	return databaseError(config.Name, err)
}
