package owner

import (
	"context"

	"breakglass/core"
)

// Console is the slice of [core.Console] that the wizard uses.
type Console interface {
	OwnerState(ctx context.Context, a core.Actor) (core.OwnerState, error)
	Draft(ctx context.Context, a core.Actor, reason string) (core.RequestInfo, error)
	SendCode(ctx context.Context, a core.Actor, contactID string) (core.RequestInfo, error)
	EnterCode(ctx context.Context, a core.Actor, code string) (core.Actor, error)
	EnterPaper(ctx context.Context, a core.Actor, code string) (core.Actor, error)
	CancelRequest(ctx context.Context, a core.Actor) error
	Activate(ctx context.Context, a core.Actor) (core.GrantInfo, error)
	Inspect(ctx context.Context, a core.Actor) (core.Preflight, error)
	StartBackup(ctx context.Context, a core.Actor) (core.JobInfo, error)
	Watch(ctx context.Context, a core.Actor, job string) (*core.Watcher, error)
	CancelBackup(ctx context.Context, a core.Actor) error
	CloseAccess(ctx context.Context, a core.Actor) error
}

var _ Console = (*core.Console)(nil)
