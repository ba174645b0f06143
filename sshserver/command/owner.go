package command

import (
	"github.com/spf13/cobra"

	"breakglass/core/safetext"
	"breakglass/core/view"
)

// owners is "owner passphrase|key": how an owner gets in.
func (s *session) owners() *cobra.Command {
	return s.group("owner", s.ownerPassphrase(), s.ownerKey())
}

func (s *session) ownerPassphrase() *cobra.Command {
	return s.machine(s.leaf("passphrase SITE", "owner.passphrase", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		passphrase, err := s.console.SetPassphrase(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		if s.json { // revealed: it was made for this answer, and is shown once
			return view.WriteJSON(s.Out, map[string]string{"site": safetext.Line(args[0]), "passphrase": safetext.Line(passphrase.Reveal())})
		}
		s.tell(s.text("owner.passphrase.done", map[string]any{"Site": args[0]}))
		return s.print(safetext.Line(passphrase.Reveal()) + "\n")
	}))
}

func (s *session) ownerKey() *cobra.Command {
	var remove string
	cmd := s.leaf("key SITE [KEY | -]", "owner.key", s.atLeast("SITE"), func(cmd *cobra.Command, args []string) error {
		if remove != "" {
			return s.removeOwnerKey(cmd, args, remove)
		}
		line, err := s.publicKey(cmd.Context(), args[1:])
		if err != nil {
			return err
		}
		key, err := s.console.AddOwnerKey(cmd.Context(), s.actor, args[0], line)
		if err != nil {
			return err
		}
		if s.json {
			return view.WriteJSON(s.Out, view.JSONKey(key))
		}
		s.tell(s.text("owner.key.done", map[string]any{"Site": args[0]}))
		return s.print(safetext.Line(key.Fingerprint) + "\n")
	})
	s.flag(cmd, &remove, "remove")
	return s.machine(cmd)
}

func (s *session) removeOwnerKey(cmd *cobra.Command, args []string, fingerprint string) error {
	if len(args) > 1 {
		return s.misread("too_many", map[string]any{"Word": quote(args[1])})
	}
	if err := s.console.RemoveOwnerKey(cmd.Context(), s.actor, args[0], fingerprint); err != nil {
		return err
	}
	s.tell(s.text("owner.key.removed", map[string]any{"Site": args[0]}))
	return nil
}

// status is an owner's "status".
func (s *session) status() *cobra.Command {
	return s.machine(s.leaf("status", "status", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		state, err := s.console.OwnerState(cmd.Context(), s.actor)
		if err != nil {
			return err
		}
		return s.list(view.OwnerStatus(s.env.Lang, state), view.JSONStatus(state), "")
	}))
}

// plain is "plain": the screens as lines, for screen readers and dumb
// terminals.
func (s *session) plain() *cobra.Command {
	return s.leaf("plain", "plain", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		return s.env.Plain(cmd.Context())
	})
}
