package sshserver

import (
	"context"

	"breakglass/core"
)

// Console is the slice of [core.Console] that the server itself uses.
type Console interface {
	PassphraseLogin(ctx context.Context, l core.Login, passphrase core.Secret) (core.Actor, error)
	KeyLogin(ctx context.Context, l core.Login, authorizedKey string) (core.Actor, error)
	LoggedIn(ctx context.Context, a core.Actor) error
	LoginFailed(prefix string)

	Authorize(ctx context.Context, a core.Actor, capability core.Capability) (*core.Lease, error)
	Files(ctx context.Context, a core.Actor) ([]core.File, error)
	OpenFile(ctx context.Context, a core.Actor, name string) (*core.Download, error)
}
