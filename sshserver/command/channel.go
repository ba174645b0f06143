package command

import (
	"github.com/spf13/cobra"

	"breakglass/core"
)

// channels is "channel test".
func (s *session) channels() *cobra.Command {
	return s.group("channel", s.channelTest())
}

func (s *session) channelTest() *cobra.Command {
	var kind string
	cmd := s.leaf("test --kind KIND", "channel.test", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		switch core.ContactKind(kind) {
		case core.ContactEmail, core.ContactPhone, core.ContactWebhook:
		default:
			return s.misread("channel.test.kind", nil)
		}
		info, err := s.console.TestChannel(cmd.Context(), s.actor, core.ContactKind(kind))
		if err != nil {
			return err
		}
		return s.tested(info)
	})
	s.flag(cmd, &kind, "kind")
	return cmd
}

// tested says what became of the test; what was not accepted is a refusal.
func (s *session) tested(m core.MessageInfo) error {
	data := map[string]any{"Kind": string(m.Kind), "Result": m.Result}
	switch m.State {
	case core.MessageAccepted:
		s.tell(s.text("channel.test.done", data))
		return nil
	case core.MessageQueued, core.MessageSending:
		return core.Refuse(core.ErrState, "%s", s.text("channel.test.silent", data))
	default:
		return core.Refuse(core.ErrState, "%s", s.text("channel.test.failed", data))
	}
}
