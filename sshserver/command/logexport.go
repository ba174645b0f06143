package command

import (
	"strings"

	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/view"
)

func (s *session) logExport() *cobra.Command {
	format := string(core.LogJSONL)
	var terms *logTerms
	cmd := s.leaf("export", "log.export", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		q, err := terms.read(s.env.Now())
		if err != nil {
			return err
		}
		return s.console.ExportSome(cmd.Context(), s.actor, core.LogFormat(format), q, s.Out)
	})
	terms = s.logTerms(cmd)
	cmd.Flags().StringVar(&format, "format", format, s.text("flag.format", nil))
	return cmd
}

func (s *session) logCheckpoint() *cobra.Command {
	return s.leaf("checkpoint", "log.checkpoint", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		signed, err := s.console.LogCheckpoint(cmd.Context(), s.actor)
		if err != nil {
			return err
		}
		return s.print(signed)
	})
}

// checkpointCap is the most that is read of a checkpoint, which has about 200
// bytes.
const checkpointCap = 16 << 10

func (s *session) logProve() *cobra.Command {
	var since string
	cmd := s.leaf("prove NUMBER", "log.prove", s.exactly("NUMBER"), func(cmd *cobra.Command, args []string) error {
		seq, err := s.number(args[0])
		if err != nil {
			return err
		}
		older := since
		if since == "-" {
			s.tell(s.text("log.prove.wanted", nil))
			text, err := readCapped(cmd.Context(), s.In, checkpointCap)
			if err != nil {
				return err
			}
			if older = strings.TrimSpace(string(text)); older == "" || len(text) > checkpointCap {
				return s.misread("log.prove.none", nil)
			}
		}
		proof, err := s.console.ProveLog(cmd.Context(), s.actor, seq, older)
		if err != nil {
			return err
		}
		line, err := proof.Encode()
		if err != nil {
			return err
		}
		return s.print(string(line))
	})
	s.flag(cmd, &since, "since")
	return cmd
}

func (s *session) logPush() *cobra.Command {
	return s.machine(s.leaf("push", "log.push", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		info, err := s.console.LogPush(cmd.Context(), s.actor)
		if err != nil {
			return err
		}
		if s.json {
			return view.WriteJSON(s.Out, view.JSONPush(info))
		}
		if info.Target == "" {
			s.tell(s.text("log.push.none", nil))
			return nil
		}
		return s.print(view.Push(s.env.Lang, "", info).Text(0))
	}))
}
