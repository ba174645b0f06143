package command

import "github.com/spf13/cobra"

// personForget and siteForget erase what is kept of who was removed. That cannot
// be undone, so the name is wanted twice.
func (s *session) personForget() *cobra.Command {
	var yes string
	cmd := s.leaf("forget NAME --yes NAME", "person.forget", s.exactly("NAME"), func(cmd *cobra.Command, args []string) error {
		if yes != args[0] {
			return s.misread("person.forget.unsure", map[string]any{"Name": quote(args[0])})
		}
		if err := s.console.ForgetPerson(cmd.Context(), s.actor, args[0]); err != nil {
			return err
		}
		s.tell(s.text("person.forget.done", map[string]any{"Name": args[0]}))
		return nil
	})
	cmd.Flags().StringVar(&yes, "yes", "", s.text("flag.yes_name", nil))
	return cmd
}

func (s *session) siteForget() *cobra.Command {
	var yes string
	cmd := s.leaf("forget SITE --yes SITE", "site.forget", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		if yes != args[0] {
			return s.misread("site.forget.unsure", map[string]any{"Site": quote(args[0])})
		}
		if err := s.console.ForgetSite(cmd.Context(), s.actor, args[0]); err != nil {
			return err
		}
		s.tell(s.text("site.forget.done", map[string]any{"Site": args[0]}))
		return nil
	})
	s.flag(cmd, &yes, "yes")
	return cmd
}
