package command

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/view"
)

// log is "log list|export|checkpoint|prove".
func (s *session) log() *cobra.Command {
	return s.group("log", s.logList(), s.logExport(), s.logCheckpoint(), s.logProve())
}

func (s *session) logList() *cobra.Command {
	var q core.LogQuery
	var event string
	cmd := s.leaf("list", "log.list", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		if q.Before < 0 || q.Limit < 0 {
			return s.misread("log.list.negative", nil)
		}
		q.Event = core.Event(event)
		page, err := s.console.Log(cmd.Context(), s.actor, q)
		if err != nil {
			return err
		}
		none := "log.list.empty"
		if page.More {
			none = "log.list.none_yet"
		}
		if err := s.list(view.Log(s.env.Lang, "", page.Lines), view.JSONLogPage(page), none); err != nil {
			return err
		}
		if page.More && !s.json {
			s.tell(s.text("log.list.more", map[string]any{"Before": strconv.FormatInt(page.Next, 10)}))
		}
		return nil
	})
	s.flag(cmd, &q.Site, "site")
	s.flag(cmd, &q.Grant, "grant")
	s.flag(cmd, &q.Person, "person")
	s.flag(cmd, &event, "event")
	s.flag(cmd, &q.Text, "text")
	cmd.Flags().Int64Var(&q.Before, "before", 0, s.text("flag.before", nil))
	cmd.Flags().IntVar(&q.Limit, "limit", 0, s.text("flag.limit", nil))
	return s.machine(cmd)
}

func (s *session) logExport() *cobra.Command {
	format := string(core.LogJSONL)
	cmd := s.leaf("export", "log.export", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		return s.console.ExportLog(cmd.Context(), s.actor, core.LogFormat(format), s.Out)
	})
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
		seq, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || seq < 0 {
			return s.misread("log.prove.number", map[string]any{"Word": quote(args[0])})
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
