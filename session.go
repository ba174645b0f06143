package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/sshserver"
	"breakglass/sshserver/command"
	"breakglass/tui"
	"breakglass/tui/plain"

	tea "github.com/charmbracelet/bubbletea"
)

// sessions answers what people ask for over SSH.
type sessions struct{ *parts }

// options wires the SSH server to the console, the commands and the screens.
func (s sessions) options() sshserver.Options {
	return sshserver.Options{
		HostKey: s.keys.hostPEM, Console: s.console, Clock: s.clock, Log: s.log,
		Command: s.command, Screen: s.screen,
		IdleWarning: func(left time.Duration) tea.Msg { return tui.IdleWarning(left) },
		Stopping:    tui.Stopping,
	}
}

func (s sessions) screen(v *sshserver.Session) tea.Model {
	return tui.New(v, v.Actor(), s.console, s.clock, tui.At(s.config.Host, s.config.port()))
}

// command carries out one command line.
func (s sessions) command(ctx context.Context, r sshserver.Request) int {
	env := command.Env{
		Lang: s.lang(ctx, r.Actor), Host: s.config.Host, Port: s.config.port(), Now: s.clock.Now, Terminal: r.Terminal != nil,
		Incident: func(err error) string { return incident(s.log, r.Actor, err) },
	}
	if r.Actor.Role == core.RoleOwner {
		env.Plain = func(ctx context.Context) error {
			o := plain.Options{In: r.Stdin, Out: r.Stdout, Actor: r.Actor, Console: s.console, Clock: s.clock}
			if r.Terminal != nil {
				o.Echo, o.Width = true, r.Terminal.Width
			}
			return plain.Run(ctx, o)
		}
	} else if r.Terminal != nil && len(r.Args) == 1 && r.Args[0] == "plain" {
		// A dumb terminal's login: managers and auditors have commands, which
		// are lines already.
		r.Args = []string{"help"}
	}
	return command.Run(ctx, s.console, r.Actor, r.Args, command.Streams{In: r.Stdin, Out: r.Stdout, Err: r.Stderr}, env)
}

// lang is the language of an owner's answers; managers and auditors read
// English, as the log does.
func (s sessions) lang(ctx context.Context, a core.Actor) string {
	if a.Role != core.RoleOwner {
		return ""
	}
	state, err := s.console.OwnerState(ctx, a)
	if err != nil {
		return "" // the command itself will say what is wrong
	}
	return state.Lang
}

// incident logs a fault inside the console under an ID that a person can quote.
func incident(log *slog.Logger, a core.Actor, err error) string {
	id := rand.Text()[:8]
	log.Error("a command failed", "incident", id, "actor", a.ID(), "err", err)
	return id
}

// sshLine is what a person types to have a command carried out.
func sshLine(c config, user, words string) string {
	return view.SSH(user, c.Host, c.port()) + " " + words
}
