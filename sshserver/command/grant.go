package command

import (
	"strings"

	"github.com/spf13/cobra"

	"breakglass/core/view"
)

// grants is "grant list|show|revoke".
func (s *session) grants() *cobra.Command {
	return s.group("grant", s.grantList(), s.grantShow(), s.grantRevoke())
}

func (s *session) grantList() *cobra.Command {
	return s.machine(s.leaf("list", "grant.list", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		list, err := s.console.Grants(cmd.Context(), s.actor)
		if err != nil {
			return err
		}
		return s.list(view.Grants(s.env.Lang, "", list), view.List(list, view.JSONGrant), "grant.list.empty")
	}))
}

func (s *session) grantShow() *cobra.Command {
	return s.machine(s.leaf("show GRANT", "grant.show", s.exactly("GRANT"), func(cmd *cobra.Command, args []string) error {
		story, err := s.console.Grant(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		if s.json {
			return view.WriteJSON(s.Out, view.JSONStory(story))
		}
		facts, lines := view.GrantDetail(s.env.Lang, "", story)
		return s.print(facts.Text(0) + "\n" + lines.Text(0))
	}))
}

func (s *session) grantRevoke() *cobra.Command {
	return s.withReason("revoke GRANT REASON…", "grant.revoke", "GRANT", func(cmd *cobra.Command, id, reason string) error {
		if err := s.console.RevokeGrant(cmd.Context(), s.actor, id, reason); err != nil {
			return err
		}
		s.tell(s.text("grant.revoke.done", map[string]any{"Grant": id}))
		return nil
	})
}

// requests is "request list|veto".
func (s *session) requests() *cobra.Command {
	return s.group("request", s.requestList(), s.requestVeto())
}

func (s *session) requestList() *cobra.Command {
	return s.machine(s.leaf("list", "request.list", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		list, err := s.console.Requests(cmd.Context(), s.actor)
		if err != nil {
			return err
		}
		return s.list(view.Requests(s.env.Lang, "", list), view.List(list, view.JSONRequest), "request.list.empty")
	}))
}

func (s *session) requestVeto() *cobra.Command {
	return s.withReason("veto REQUEST REASON…", "request.veto", "REQUEST", func(cmd *cobra.Command, id, reason string) error {
		if err := s.console.Veto(cmd.Context(), s.actor, id, reason); err != nil {
			return err
		}
		s.tell(s.text("request.veto.done", map[string]any{"Request": id}))
		return nil
	})
}

// withReason makes a command that wants an ID and a reason. The reason is the
// rest of the line, with or without --reason before it: quotes around it are
// gone once the client's shell and ssh have had the line.
func (s *session) withReason(use, id, name string, run func(cmd *cobra.Command, id, reason string) error) *cobra.Command {
	var reason string
	cmd := s.leaf(use, id, s.atLeast(name), func(cmd *cobra.Command, args []string) error {
		text := strings.TrimSpace(reason + " " + strings.Join(args[1:], " "))
		if text == "" {
			return s.misread("missing", map[string]any{"Command": path(cmd), "Name": "REASON", "Usage": usage(cmd)})
		}
		return run(cmd, args[0], text)
	})
	s.flag(cmd, &reason, "reason")
	return cmd
}
