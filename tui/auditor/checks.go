package auditor

import (
	"context"
	"errors"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/view"
	"breakglass/core/words"
	"breakglass/tui/widget"
)

// checks is what this session verified itself of the log: it keeps the
// checkpoint that it saw last, and each newer one must continue it.
type checks struct {
	watch   *audit.Watch
	first   audit.Checkpoint // the first that was seen
	asking  bool
	waiting bool   // for the time of the next question
	failed  string // why the last question had no answer
	broken  string // why the log is not to be believed; stays

	seq     int64 // the line that was proved, or not
	line    *audit.Proved
	problem string // why that line is not
}

// proved is an answer of the console.
type proved struct {
	seq    int64
	opened bool // it was asked for the line that is open
	hash   string
	proof  audit.Proof
	err    error
}

// proveAgain lets the next question be asked.
type proveAgain struct{}

func (c *checks) begin(key string) {
	c.seq = -1
	watch, err := audit.NewWatch(key)
	if err != nil {
		c.broken = err.Error()
		return
	}
	c.watch = watch
}

// prove asks for what is not verified yet: the line that is open, else that the
// log continues what was seen of it. One question is under way at a time, for
// each is about the checkpoint seen last.
func (s *Screen) prove() tea.Cmd {
	c := &s.checks
	open := s.list.Open()
	if open == nil {
		c.seq = -1 // what is opened next is proved then
	}
	if c.watch == nil || c.asking || c.broken != "" || c.waiting && c.failed != "" {
		return nil
	}
	ask := proved{}
	switch {
	case open != nil && open.Seq != c.seq:
		ask = proved{seq: open.Seq, opened: true, hash: open.Hash}
	case c.waiting || s.list.Size() <= c.watch.Seen().Tree.N:
		return nil
	}
	c.asking = true
	console, actor, since := s.console, s.actor, c.watch.Since()
	return widget.Do(s.terminal.Context(), func(ctx context.Context) tea.Msg {
		ask.proof, ask.err = console.ProveLog(ctx, actor, ask.seq, since)
		return ask
	})
}

// gotProof checks an answer here and now.
func (s *Screen) gotProof(msg proved) tea.Cmd {
	c := &s.checks
	c.asking = false
	var checked audit.Proved
	err := msg.err
	switch {
	case errors.Is(err, audit.ErrForked):
		c.broken = s.text("broken.forked", map[string]any{"Lines": c.watch.Seen().Tree.N})
		return nil
	case err == nil:
		if checked, err = c.watch.See(msg.proof); err != nil {
			c.broken = err.Error()
			return nil
		}
		c.failed = ""
		if c.first.Tree.N == 0 {
			c.first = checked.Checkpoint
		}
	default:
		c.failed = view.Detail(s.lang, err)
	}
	if msg.opened && err == nil {
		c.seq, c.line, c.problem = msg.seq, &checked, ""
		if checked.Leaf.Seq != msg.seq || checked.Hex() != msg.hash {
			c.line, c.problem = nil, s.text("proof.other", nil)
		}
	}
	if err == nil && s.list.Size() <= c.watch.Seen().Tree.N {
		return nil
	}
	c.waiting = true
	return widget.After(s.terminal.Context(), s.clock, refresh, proveAgain{})
}

// verified says in a few words how far the log is verified.
func (s *Screen) verified() string {
	c := s.checks
	switch {
	case c.broken != "":
		return s.text("verified.not", nil)
	case c.watch == nil || c.watch.Seen().Tree.N == 0:
		return s.text("verified.yet", nil)
	default:
		return s.text("verified", map[string]any{"Lines": c.watch.Seen().Tree.N})
	}
}

// proofLines are shown beside a line that is open: above it whether it is
// proved, below it by what.
func (s *Screen) proofLines(l core.LogLine, width int) (above, below []string) {
	c := s.checks
	switch {
	case c.broken != "":
		return s.marked(false, s.text("proof.broken", nil), width), nil
	case c.seq == l.Seq && c.problem != "":
		return s.marked(false, c.problem, width), nil
	case c.seq != l.Seq || c.line == nil:
		text := s.text("proof.loading", nil)
		if c.failed != "" {
			text = s.text("proof.failed", map[string]any{"Why": c.failed})
		}
		return s.theme.Wrap(text, width), nil
	}
	at := c.line.Checkpoint
	above = s.marked(true, s.text("proof.good", map[string]any{"Lines": at.Tree.N}), width)
	below = s.theme.Facts(view.ProofDetail(c.line.Digests(), at.Origin, at.Tree.N, at.Tree.Hash.String(), c.watch.Key()), width)
	return above, append(append(below, ""), s.theme.Wrap(s.text("proof.elsewhere", map[string]any{
		"Line": words.Verbatim(view.Remote(s.me, "log", "prove", view.Number(l.Seq)) + " > line.json"),
	}), width)...)
}

// marked draws a sentence behind the sign that says whether it is good news.
func (s *Screen) marked(good bool, text string, width int) []string {
	style, sign := s.theme.Bad, s.theme.Symbols.Failed
	if good {
		style, sign = s.theme.Good, s.theme.Symbols.Tick
	}
	return strings.Split(s.theme.Marked(style, sign, text, width), "\n")
}

// checksPage says what was verified, against which key, and what that is worth.
func (s *Screen) checksPage(width int) []string {
	c := s.checks
	if c.watch == nil {
		return s.theme.Wrap(s.text("proof.broken", nil), width)
	}
	seen := c.watch.Seen()
	data := map[string]any{"First": c.first.Tree.N, "Lines": seen.Tree.N}
	lines := s.theme.Wrap(s.text("checks.what", data), width)
	if c.failed != "" {
		lines = append(append(lines, ""), s.theme.Wrap(s.text("proof.failed", map[string]any{"Why": c.failed}), width)...)
	}
	lines = append(append(lines, ""), s.theme.Wrap(s.text("checks.key", nil), width)...)
	lines = append(append(lines, ""), s.code(c.watch.Key(), width)...)
	facts := view.CheckpointDetail(seen.Origin, seen.Tree.N, seen.Tree.Hash.String())
	lines = append(append(lines, ""), s.theme.Facts(facts, width)...)
	lines = append(append(lines, ""), s.pushLines(width)...)
	return append(lines, s.theme.Wrap(s.text("checks.worth", map[string]any{
		"Line": words.Verbatim(view.Remote(s.me, "log", "checkpoint") + " > checkpoint.txt"),
	}), width)...)
}
