package command

import (
	"strings"

	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
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

// drill is "drill SITE".
func (s *session) drill() *cobra.Command {
	return s.machine(s.leaf("drill SITE", "drill", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		info, err := s.console.Drill(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		if s.json {
			return view.WriteJSON(s.Out, map[string]any{"site": args[0], "codes": view.List(info.Codes, safetext.Line), "mute": view.List(info.Mute, safetext.Line), "notices": info.Notices})
		}
		s.tell(s.text("drill.done", map[string]any{"Site": args[0], "Notices": info.Notices, "Codes": strings.Join(info.Codes, ", ")}))
		s.tellMute(info.Mute)
		return nil
	}))
}

// tellMute names the addresses that nothing can be sent to.
func (s *session) tellMute(masked []string) {
	if len(masked) > 0 {
		s.tell(s.text("mute", map[string]any{"Addresses": strings.Join(masked, ", ")}))
	}
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
