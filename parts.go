package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/notify"
	"breakglass/core/words"
	"breakglass/store"
	"breakglass/store/vault"

	"golang.org/x/crypto/ssh"
)

// parts is a console and all that it stands on, for one data directory.
type parts struct {
	config  config
	keys    keys
	clock   core.Clock
	log     *slog.Logger
	store   *store.Store
	vault   *vault.Vault
	console *core.Console
}

// openParts opens the data directory that the config names. Only one process
// can hold it; a second one gets a sentence.
func openParts(ctx context.Context, c config, log *slog.Logger) (_ *parts, err error) {
	p := &parts{config: c, clock: newSystemClock(), log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if err := c.findRoots(); err != nil {
		return p, err
	}
	// The database comes first: it is the lock of the whole directory.
	if p.store, err = store.Open(filepath.Join(c.Data, "breakglass.db"), store.Options{}); err != nil {
		return p, err
	}
	if p.keys, err = openKeys(c.Data, c.Host); err != nil {
		return p, err
	}
	if p.vault, err = vault.Open(filepath.Join(c.Data, "archives")); err != nil {
		return p, err
	}
	engine, err := backup.New(backup.Options{
		Roots: c.Roots, Signer: p.keys.archive, Scratch: filepath.Join(c.Data, "scratch"), Own: []string{c.Data}, Host: "/", Clock: p.clock, Version: versionText(),
		Format: c.Archive,
	})
	if err != nil {
		return p, err
	}
	rehearser, err := c.Rehearsal.open(c.Data)
	if err != nil {
		return p, err
	}
	p.console, err = core.Open(ctx, core.Options{
		Ledger: p.store, Engine: engine, Vault: p.vault, Clock: p.clock, Random: rand.Reader, Log: log,
		Pepper: p.keys.pepper, Signer: p.keys.log, Witness: store.NewWitness(filepath.Join(c.Data, "keys")), CheckAddress: notify.CheckAddress,
		Languages: words.Languages(), Mute: c.mute(), Webhook: c.Webhook.name(), Push: c.Log.options(), Host: c.Host, Port: c.port(), HostKey: ssh.FingerprintSHA256(p.keys.host.PublicKey()), LogKey: p.keys.logKey,
		Retention: c.Retention, Rehearser: rehearser,
	})
	if err != nil {
		return p, fmt.Errorf("open the console: %w", err)
	}
	return p, nil
}

// close ends the console's work and gives everything back. It may be called on
// parts that were opened by half.
func (p *parts) close() (err error) {
	if p.console != nil {
		p.console.Close()
	}
	if p.vault != nil {
		err = p.vault.Close()
	}
	if p.store != nil {
		err = errors.Join(err, p.store.Close())
	}
	return err
}
