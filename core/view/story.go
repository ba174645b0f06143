package view

import (
	"strconv"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// StoryStep is one step of a grant's story: when, how long after the first, what
// happened in a sentence, by whom, and what became of the messages that told of
// it. All of it is safe to show.
type StoryStep struct {
	Seq      int64
	Day      string // the date, on the first step and where it is another
	Time     string // of day
	After    string // "+3 min 2 s"
	Text     string
	Who      string
	Messages []string
}

// Story tells a grant's or a request's story in order, times in the given zone.
func Story(lang, zone string, s core.GrantStory) []StoryStep {
	steps := make([]StoryStep, 0, len(s.Lines))
	told := messagesByLine(s)
	day := ""
	for _, l := range s.Lines {
		step := StoryStep{
			Seq: l.Seq, Time: TimeOfDay(l.Time, zone), After: "+" + Left(lang, l.Time.Sub(s.Lines[0].Time)),
			Text: storyText(lang, zone, l), Who: cell(l.Actor), Messages: storyMessages(lang, zone, told[l.Seq]),
		}
		if at := stamp(l.Time, zone, "2006-01-02"); at != day {
			step.Day, day = at, at
		}
		steps = append(steps, step)
	}
	return steps
}

// messagesByLine leaves out messages whose end is a line of the log itself.
func messagesByLine(s core.GrantStory) map[int64][]core.StoryMessage {
	own := make(map[string]bool)
	for _, l := range s.Lines {
		own[l.Data["message"]] = true
	}
	told := make(map[int64][]core.StoryMessage)
	for _, m := range s.Messages {
		if !own[m.ID] {
			told[m.Leaf] = append(told[m.Leaf], m)
		}
	}
	return told
}

// storyText says what happened in a sentence; what has none is told as it stands
// in the log.
func storyText(lang, zone string, l core.LogLine) string {
	id := "log.story." + string(l.Event)
	if !words.Has(id) {
		return strings.TrimSuffix(cell(string(l.Event))+": "+cell(outcome(l)), ": "+Nothing)
	}
	data := map[string]any{"result": l.Result, "to": l.To, "line": l.Seq}
	for name, value := range l.Data {
		data[name] = value
	}
	for name, value := range l.Personal {
		data[name] = value
	}
	if kind := core.ContactKind(l.Data["channel"]); l.Personal["address"] != "" {
		data["address"] = core.Mask(kind, l.Personal["address"])
	}
	if size, err := strconv.ParseInt(l.Data["size"], 10, 64); err == nil {
		data["size"] = Size(lang, size)
	}
	if until, err := time.Parse(time.RFC3339, l.Data["until"]); err == nil {
		data["until"] = Time(until, zone)
	}
	return safetext.Line(strings.ReplaceAll(words.Text(lang, id, data), "<no value>", Nothing))
}

// storyMessages counts the messages that were accepted, and tells of each other
// one what became of it.
func storyMessages(lang, zone string, messages []core.StoryMessage) []string {
	var accepted int
	var last time.Time
	var lines []string
	for _, m := range messages {
		if m.State == core.MessageAccepted {
			accepted++
			if m.At.After(last) {
				last = m.At
			}
			continue
		}
		lines = append(lines, words.Text(lang, "log.story.message", map[string]any{
			"Kind": string(m.Kind), "To": m.Masked, "State": MessageState(lang, m.State), "Result": m.Result,
		}))
	}
	if accepted > 0 {
		lines = append([]string{words.Text(lang, "log.story.told", map[string]any{"Count": accepted, "Time": TimeOfDay(last, zone)})}, lines...)
	}
	return lines
}

// StoryText is a story as lines for people.
func StoryText(lang, zone string, s core.GrantStory) string {
	var out strings.Builder
	if s.Grant.ID != "" {
		facts, _ := GrantDetail(lang, zone, s)
		out.WriteString(facts.Text(0) + "\n")
	}
	times, afters := 0, 0
	steps := Story(lang, zone, s)
	for _, step := range steps {
		times, afters = max(times, len(step.Time)), max(afters, len(step.After))
	}
	for _, step := range steps {
		if step.Day != "" {
			out.WriteString(step.Day + "\n")
		}
		out.WriteString("  " + Pad(step.Time, times) + gap + Pad(step.After, afters) + gap + step.Text + " (" + step.Who + ", " + strconv.FormatInt(step.Seq, 10) + ")\n")
		for _, m := range step.Messages {
			out.WriteString("  " + strings.Repeat(" ", times+afters+3*len(gap)) + m + "\n")
		}
	}
	return out.String()
}

// StoryMessageJSON is a message of a story for machines.
type StoryMessageJSON struct {
	Line   int64      `json:"line"`
	Kind   string     `json:"kind"`
	Code   bool       `json:"code,omitempty"`
	To     string     `json:"to,omitempty"` // masked
	State  string     `json:"state"`
	At     *time.Time `json:"at,omitempty"`
	Result string     `json:"result,omitempty"`
}

// JSONMessage gives the JSON form of a message of a story.
func JSONMessage(m core.StoryMessage) StoryMessageJSON {
	return StoryMessageJSON{
		Line: m.Leaf, Kind: safetext.Line(string(m.Kind)), Code: m.Code, To: safetext.Line(m.Masked),
		State: safetext.Line(string(m.State)), At: moment(m.At), Result: safetext.Line(m.Result),
	}
}
