package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"breakglass/core"
	"breakglass/core/notify"
	"breakglass/sshserver"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
)

const (
	defaultConfig = "breakglass.yaml"
	shutdownTime  = 15 * time.Second
	ballastTick   = time.Minute
)

func serveCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the console until it is told to stop", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := readConfig(path)
			if err != nil {
				return err
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			s, err := openService(cmd.Context(), c, log, nil)
			if err != nil {
				return err
			}
			log.Info("listening", "address", s.listener.Addr().String(), "host", c.Host,
				"host_key", ssh.FingerprintSHA256(s.keys.host.PublicKey()))
			for name, channel := range map[string]channelConfig{"mail": c.Mail, "sms": c.SMS} {
				if channel.Provider == "" {
					log.Warn("no provider is set: codes and notices cannot leave this way", "channel", name)
				}
			}
			if people, err := s.console.People(cmd.Context(), core.RootActor); err == nil && len(people) == 0 {
				log.Warn("nobody may log in yet: stop this, run breakglass init --manager NAME --manager-key FILE with the same configuration, and start it again", "data", c.Data)
			}
			return s.run(cmd.Context())
		},
	}
	configFlag(cmd, &path)
	return cmd
}

func configFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "config", defaultConfig, "the configuration `FILE`")
}

// service is a console that can be reached: the parts, the SSH server on its
// listener, and the courier.
type service struct {
	*parts
	listener net.Listener
	server   *sshserver.Server
	courier  *notify.Courier
	pusher   *notify.Pusher // nil where the log is not pushed
}

// openService opens everything and takes the port, in this order: what time
// ended meanwhile is ended before anybody can knock.
func openService(ctx context.Context, c config, log *slog.Logger, sent func(path, text string)) (_ *service, err error) {
	p, err := openParts(ctx, c, log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	ways, err := channels(c, sent, log)
	if err != nil {
		return nil, err
	}
	s := &service{parts: p, courier: notify.New(notify.Options{
		Console: p.console, Channels: ways, Clock: p.clock, Random: rand.Reader, Log: log,
	})}
	if s.pusher, err = p.pusher(log); err != nil {
		return nil, err
	}
	if s.server, err = sshserver.New(sessions{p}.options()); err != nil {
		return nil, err
	}
	if s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", c.Listen); err != nil {
		return nil, listenSentence(c.Listen, err)
	}
	return s, nil
}

// listenSentence says why the port cannot be had.
func listenSentence(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another program; stop that one, or choose another port: %w", address, err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s may not be opened by this user; choose a port above 1023: %w", address, err)
	}
	return fmt.Errorf("listen on %s: %w", address, err)
}

// run serves until ctx ends or the listener breaks, then lets everything end in
// order: people are told, jobs are marked, what was begun is written down.
func (s *service) run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	all.Go(func() { s.console.Run(work) })
	all.Go(func() { s.courier.Run(work) })
	all.Go(func() { s.watchBallast(work) })
	if s.pusher != nil {
		all.Go(func() { s.pusher.Run(work) })
	}
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(s.listener) }()
	var err error
	select {
	case <-ctx.Done():
		end, cancel := context.WithTimeout(work, shutdownTime)
		err = s.server.Shutdown(end)
		cancel()
		err = errors.Join(err, <-served)
	case err = <-served:
		end, cancel := context.WithTimeout(work, shutdownTime)
		err = errors.Join(err, s.server.Shutdown(end))
		cancel()
	}
	stop()
	all.Wait()
	return errors.Join(err, s.close())
}

// watchBallast puts the ballast back once the disk has room again.
func (s *service) watchBallast(ctx context.Context) {
	for {
		tick := make(chan struct{})
		cancel := s.clock.AfterFunc(ballastTick, func() { close(tick) })
		select {
		case <-ctx.Done():
			cancel()
			return
		case <-tick:
		}
		if !s.store.BallastGone() {
			continue
		}
		if err := s.store.RestoreBallast(); err != nil {
			s.log.Warn("the disk is full: the space kept for the log is in use; free some", "err", err)
		}
	}
}
