package command

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/view"
	"breakglass/core/words"
)

// log is "log list|show|story|export|checkpoint|prove|push".
func (s *session) log() *cobra.Command {
	return s.group("log", s.logList(), s.logShow(), s.logStory(), s.logExport(), s.logCheckpoint(), s.logProve(), s.logPush())
}

// logTerms are the flags that say what lines are meant.
type logTerms struct {
	query           core.LogQuery
	event, from, to string
}

func (s *session) logTerms(cmd *cobra.Command) *logTerms {
	t := &logTerms{}
	s.flag(cmd, &t.query.Site, "site")
	s.flag(cmd, &t.query.Request, "request")
	s.flag(cmd, &t.query.Grant, "grant")
	s.flag(cmd, &t.query.Person, "person")
	s.flag(cmd, &t.event, "event")
	s.flag(cmd, &t.from, "from")
	s.flag(cmd, &t.to, "to")
	s.flag(cmd, &t.query.Text, "text")
	return t
}

// read returns the query that the flags make at a time.
func (t *logTerms) read(now time.Time) (core.LogQuery, error) {
	q := t.query
	q.Event = core.Event(t.event)
	for _, end := range []struct {
		given string
		at    *time.Time
		end   bool
	}{{t.from, &q.From, false}, {t.to, &q.To, true}} {
		if end.given == "" {
			continue
		}
		at, err := core.LogTime(end.given, now, end.end)
		if err != nil {
			return q, &usageError{view.Detail("", err)}
		}
		*end.at = at
	}
	return q, nil
}

func (s *session) logList() *cobra.Command {
	var terms *logTerms
	var before int64
	var limit int
	cmd := s.leaf("list", "log.list", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		if before < 0 || limit < 0 {
			return s.misread("log.list.negative", nil)
		}
		q, err := terms.read(s.env.Now())
		if err != nil {
			return err
		}
		q.Before, q.Limit = before, limit
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
			s.tell(s.text("log.list.more", map[string]any{"Line": words.Verbatim(s.olderLine(q, page.Next))}))
		}
		return nil
	})
	terms = s.logTerms(cmd)
	cmd.Flags().Int64Var(&before, "before", 0, s.text("flag.before", nil))
	cmd.Flags().IntVar(&limit, "limit", 0, s.text("flag.limit", nil))
	return s.machine(cmd)
}

// olderLine is what to type for the lines before a number that fit as well.
func (s *session) olderLine(q core.LogQuery, before int64) string {
	flags := append([]string{"log", "list"}, view.LogFlags(q)...)
	if q.Limit > 0 {
		flags = append(flags, "--limit", strconv.Itoa(q.Limit))
	}
	return view.Remote(view.SSH(s.actor.Name, s.env.Host, s.env.Port), append(flags, "--before", strconv.FormatInt(before, 10))...)
}

// number reads the number of a line.
func (s *session) number(word string) (int64, error) {
	seq, err := strconv.ParseInt(word, 10, 64)
	if err != nil || seq < 0 {
		return 0, s.misread("log.prove.number", map[string]any{"Word": quote(word)})
	}
	return seq, nil
}

func (s *session) logShow() *cobra.Command {
	return s.machine(s.leaf("show NUMBER", "log.show", s.exactly("NUMBER"), func(cmd *cobra.Command, args []string) error {
		seq, err := s.number(args[0])
		if err != nil {
			return err
		}
		page, err := s.console.Log(cmd.Context(), s.actor, core.LogQuery{Upward: true, Start: seq, Limit: 1})
		if err != nil {
			return err
		}
		if len(page.Lines) == 0 || page.Lines[0].Seq != seq {
			return core.Refuse(core.ErrNotFound, "The log has no line %d that you may read; its newest is %d.", seq, page.Size-1)
		}
		if s.json {
			return view.WriteJSON(s.Out, view.JSONLog(page.Lines[0]))
		}
		proof, err := s.proved(cmd.Context(), page.Lines[0])
		if err != nil {
			return err
		}
		return s.print(view.LogDetail("", page.Lines[0]).Text(0) + proof)
	}))
}

// proved checks the proof of a line as it was just read, and says so; "" to
// those who may not have proofs: managers of some sites only.
func (s *session) proved(ctx context.Context, l core.LogLine) (string, error) {
	proof, err := s.console.ProveLog(ctx, s.actor, l.Seq, "")
	if errors.Is(err, core.ErrDenied) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	watch, err := audit.NewWatch(s.console.LogKey())
	if err != nil {
		return "", err
	}
	proved, err := watch.See(proof)
	if err == nil && proved.Hex() != l.Hash {
		err = errors.New("the line that was read is not the one that is proved")
	}
	if err != nil {
		return "", core.Refuse(core.ErrInvalid, "Line %d is NOT PROVED: %v. Tell whoever relies on this console.", l.Seq, err)
	}
	c := proved.Checkpoint
	facts := view.ProofDetail(proved.Digests(), c.Origin, c.Tree.N, c.Tree.Hash.String(), watch.Key())
	return "\n" + facts.Text(0) + "\n" + s.text("log.show.proved", map[string]any{
		"Seq": l.Seq, "Lines": c.Tree.N, "Key": watch.Key(),
	}) + "\n", nil
}

func (s *session) logStory() *cobra.Command {
	return s.machine(s.leaf("story GRANT", "log.story", s.exactly("GRANT"), func(cmd *cobra.Command, args []string) error {
		story, err := s.console.Story(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		if s.json {
			return view.WriteJSON(s.Out, view.JSONStory(story))
		}
		return s.print(view.StoryText(s.env.Lang, "", story))
	}))
}
