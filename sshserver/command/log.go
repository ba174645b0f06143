package command

import (
	"strconv"

	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/view"
)

// log is "log list|export".
func (s *session) log() *cobra.Command {
	return s.group("log", s.logList(), s.logExport())
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
