package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"breakglass/core/audit"
)

// Options is what a [Console] is built from. All ports and keys are needed.
type Options struct {
	Ledger Ledger
	Engine Engine
	Vault  Vault
	Clock  Clock
	Random io.Reader     // crypto/rand.Reader outside tests
	Log    *slog.Logger  // what an operator needs and a person must not see
	Pepper Secret        // 32 random bytes kept outside the database
	Signer *audit.Signer // signs the log's checkpoints
	// Witness remembers the newest checkpoint across starts. Where there is none
	// only this process remembers, and a ledger that is put back from an older
	// copy while it is down goes unnoticed.
	Witness Witness

	// CheckAddress returns an address in its one form (E.164 for a number) or a
	// sentence that says what is wrong with it.
	CheckAddress func(kind ContactKind, address string) (string, error)

	Push PushOptions // where the log is pushed to

	// Rehearser tries out what was sealed; nil: nothing is tried out.
	Rehearser Rehearser

	Languages []string      // that there are texts in; nil: whatever is asked for
	Mute      []ContactKind // kinds of contact that no provider is set up for: nothing can leave to them
	Webhook   string        // what the outbox calls the webhook that every notice goes to; "": there is none
	Host      string        // the name that people type after the @
	Port      int           // where SSH listens, as seen from outside
	HostKey   string        // SHA256 fingerprint of the SSH host key
	LogKey    string        // the log's verifier key
	Retention time.Duration // how long archives are kept; 0: 7 days
}

// DefaultRetention is how long an archive outlives its backup.
const DefaultRetention = 7 * 24 * time.Hour

// Console is the one door: every use case is a method, authorises its actor
// first, and denies by default. It is safe for concurrent use.
type Console struct {
	options Options
	ledger  Ledger
	engine  Engine
	vault   Vault
	clock   Clock
	judge   *judge
	hub     Hub
	leases  leases
	live    liveGrants
	wake    chan struct{}
	grown   chan struct{}

	base    context.Context // ends when the console closes
	stop    context.CancelCauseFunc
	work    sync.WaitGroup // running jobs and the ticker
	failed  loginFailures
	readers readings
	traffic traffic

	rehearsals rehearsals
	push       pushing

	signing sync.Mutex   // one checkpoint at a time
	kept    string       // the newest that the witness keeps
	durable atomic.Int64 // lines of the log that are known to be durable
	roots   sync.Mutex   // held from the check of a site's root until it is stored
}

// errShutdown is why work ends when the console closes.
var errShutdown = errors.New("the server was stopped")

// Open makes a Console on its ports. It first brings the records in line with
// what is true after a stop or a crash: jobs that were running have failed,
// grants whose time is over have expired, half-written archives are gone. Only
// then may a listener open.
func Open(ctx context.Context, options Options) (*Console, error) {
	if options.Retention <= 0 {
		options.Retention = DefaultRetention
	}
	c := &Console{
		options: options,
		ledger:  options.Ledger,
		engine:  options.Engine,
		vault:   options.Vault,
		clock:   options.Clock,
		judge:   newJudge(options.Clock),
		wake:    make(chan struct{}, 1),

		rehearsals: rehearsals{turn: make(chan struct{}, 1)},
		grown:      make(chan struct{}, 1),
	}
	c.base, c.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := c.recoverState(ctx); err != nil {
		return nil, fmt.Errorf("open console: %w", err)
	}
	return c, nil
}

// Close ends all running work and waits for it. Jobs that were running are
// marked failed and can be started again.
func (c *Console) Close() {
	c.stop(errShutdown)
	c.work.Wait()
}

// Outgoing tells the courier that something was queued.
func (c *Console) Outgoing() <-chan struct{} { return c.wake }

func (c *Console) wakeCourier() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
