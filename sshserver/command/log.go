package command

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// log is "log list|export|checkpoint|prove|push".
func (s *session) log() *cobra.Command {
	return s.group("log", s.logList(), s.logExport(), s.logCheckpoint(), s.logProve(), s.logPush())
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
			s.tell(s.text("log.list.more", map[string]any{"Filter": filterWords(cmd), "Before": strconv.FormatInt(page.Next, 10)}))
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

// filterWords repeats the flags that were typed, but the page's own, as they can
// be typed again.
func filterWords(cmd *cobra.Command) string {
	var typed []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "before" && f.Name != "json" {
			typed = append(typed, "--"+f.Name, shellWord(f.Value.String()))
		}
	})
	return strings.Join(typed, " ")
}

// plainWord is what a shell leaves as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9._:/@%+=-]+$`)

// shellWord quotes a word for the two shells that it goes through: the client's
// own, and the splitting here.
func shellWord(word string) string {
	word = safetext.Line(word)
	if plainWord.MatchString(word) {
		return word
	}
	quoted := "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	return "'" + strings.ReplaceAll(quoted, "'", `'\''`) + "'"
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
