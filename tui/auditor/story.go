package auditor

import (
	"context"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/tui/widget"
)

// story is the page that tells one grant's story.
type story struct {
	id     string
	told   *core.GrantStory // nil: not yet
	gen    int              // of what is asked for; answers to an older one are dropped
	failed string
}

// told is an answer of the console.
type told struct {
	gen   int
	story core.GrantStory
	err   error
}

// tellAgain asks once more: a live grant goes on.
type tellAgain struct{ gen int }

// storyID is the grant, or else the request, of the line under the cursor.
func (s *Screen) storyID() string {
	l := s.list.Selected()
	switch {
	case l == nil:
		return ""
	case l.Grant != "":
		return l.Grant
	default:
		return l.Request
	}
}

func (s *Screen) openStory() tea.Cmd {
	id := s.storyID()
	if id == "" {
		return nil
	}
	s.open(onStory)
	s.story = story{id: id, gen: s.story.gen + 1}
	return s.readStory()
}

func (s *Screen) readStory() tea.Cmd {
	id, gen, console, actor := s.story.id, s.story.gen, s.console, s.actor
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		read, err := console.Story(ctx, actor, id)
		return told{gen, read, err}
	})
}

func (s *Screen) gotStory(msg told) tea.Cmd {
	if msg.gen != s.story.gen {
		return nil
	}
	again := widget.After(s.terminal.Context(), s.clock, refresh, tellAgain{msg.gen})
	if msg.err != nil {
		why := view.Detail(s.lang, msg.err)
		if why == s.story.failed {
			return again
		}
		s.story.failed = why
		return tea.Batch(again, widget.Send(widget.Problem{Text: why}))
	}
	s.story.failed, s.story.told = "", &msg.story
	return again
}

// narrow is the width below which a step stands under its time.
const narrow = 60

// storyPage tells the story in order, and last what is known of its backup.
func (s *Screen) storyPage(width int) []string {
	if s.story.told == nil {
		return s.theme.Wrap(s.text("story.loading", nil), width)
	}
	read := *s.story.told
	lines := s.theme.Wrap(s.storySummary(read), width)
	steps := view.Story(s.lang, "", read)
	for i := range steps {
		steps[i].Time = strings.TrimSuffix(steps[i].Time, " UTC")
	}
	for _, step := range steps {
		if step.Day != "" {
			lines = append(lines, "", s.theme.Strong.Render(step.Day))
		}
		lines = append(lines, s.step(step, width)...)
	}
	if read.Grant.ID == "" {
		return lines
	}
	facts, _ := view.GrantDetail(s.lang, "", read)
	return append(append(lines, ""), s.theme.Facts(facts, width)...)
}

func (s *Screen) storySummary(read core.GrantStory) string {
	if read.Grant.ID == "" {
		return s.text("story.request", map[string]any{"ID": s.story.id})
	}
	return s.text("story.grant", map[string]any{"ID": read.Grant.ID, "Site": read.Grant.Site, "State": view.GrantState(s.lang, read.Grant.State)})
}

// step draws one step: when, how long after the first, and what happened.
func (s *Screen) step(step view.StoryStep, width int) []string {
	when := view.Pad(step.Time, len("14:02:07")) + "  " + view.Pad(step.After, len("+3 h 12 min")) + "  "
	indent := strings.Repeat(" ", len(when))
	what := step.Text + " " + s.text("story.by", map[string]any{"Who": step.Who, "Seq": strconv.FormatInt(step.Seq, 10)})
	var lines []string
	if width < narrow {
		indent = "  "
		lines = append(lines, s.theme.Muted.Render(s.theme.Cut(strings.TrimSpace(when), width)))
	}
	for i, line := range s.theme.Wrap(what, max(width-len(indent), 1)) {
		lead := indent
		if i == 0 && width >= narrow {
			lead = s.theme.Muted.Render(when)
		}
		lines = append(lines, lead+s.theme.Text.Render(line))
	}
	for _, message := range step.Messages {
		mark := s.theme.Symbols.Bullet + " "
		for _, line := range s.theme.Wrap(message, max(width-len(indent)-2, 1)) {
			lines = append(lines, indent+s.theme.Muted.Render(mark+line))
			mark = "  "
		}
	}
	return lines
}
