package auditor_test

import (
	"flag"
	"fmt"
	"testing"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/tui/tuitest"
	"breakglass/tui/widget"
)

var update = flag.Bool("update", false, "write the golden files anew")

var windows = []struct{ width, height int }{{40, 12}, {40, 20}, {80, 24}, {140, 40}}

var stops = []struct {
	name string
	keys []string
}{
	{"log", nil},
	{"typing", []string{"/", "site:ac"}},
	{"wrong", []string{"/", "from:monday", "enter"}},
	{"none", []string{"/", "site:zoo", "enter"}},
	{"filtered", []string{"/", "site:acme event:grant from:2026-11-20 to:2026-11-24", "enter", "down"}},
	{"jump", []string{"#", "1"}},
	{"line", []string{"down", "enter"}},
	{"story", []string{"down", "s"}},
	{"checks", []string{"v"}},
	{"export", []string{"e"}},
	{"export-some", []string{"/", "grant:G-7M2KQ4XA two words", "enter", "e", "f", "f"}},
}

func TestGolden(t *testing.T) {
	for _, l := range tuitest.Looks() {
		on(t, newBook(t), l, func(s *tuitest.Show) { shoot(s, "empty", l) })
		for _, stop := range stops {
			on(t, newBook(t, bookEvents...), l, func(s *tuitest.Show) {
				s.Press(stop.keys...)
				shoot(s, stop.name, l)
			})
		}
		broken := newBook(t, bookEvents...)
		on(t, broken, l, func(s *tuitest.Show) {
			broken.err = fmt.Errorf("prove: %w", audit.ErrForked)
			broken.more(1, "acme")
			s.Wait(refresh)
			shoot(s, "broken", l)
		})
	}
}

// shoot compares the screen in every size of window.
func shoot(s *tuitest.Show, name string, l tuitest.Look) {
	for _, w := range windows {
		file := fmt.Sprintf("%s-%dx%d-%s.txt", name, w.width, w.height, l.Name)
		got := s.Screen.View(w.width, w.height-tuitest.Chrome)
		tuitest.Fits(s.T, file, got, w.width, w.height-tuitest.Chrome)
		tuitest.Golden(s.T, *update, file, s.Screen.(widget.Header).Corner()+"\n"+got)
	}
}

// Whatever is in the log, and whatever is typed, nothing but text reaches the
// terminal.
func TestHostileLines(t *testing.T) {
	evil := tuitest.Evil
	line := core.LogLine{
		Actor: evil, Event: core.Event(evil), Site: evil, Request: evil, Grant: evil, From: evil, To: evil, Result: evil, Hash: evil,
		Data: map[string]string{evil: evil}, Personal: map[string]string{evil: evil},
	}
	message := core.StoryMessage{MessageInfo: core.MessageInfo{ID: evil, State: core.MessageState(evil), Kind: core.ContactKind(evil), Result: evil}, Masked: evil}
	for _, l := range tuitest.Looks() {
		for _, keys := range [][]string{
			nil, {"enter"}, {"/", evil}, {"/", evil, "enter"}, {"/", "site:" + evil, "enter"}, {"/", "from:" + evil, "enter"}, {"#", evil, "enter"},
			{"e"}, {"v"}, {"s"}, {"/", "zoo " + evil, "enter", "e"},
		} {
			b := newBook(t, bookEvents...)
			b.lines[11] = line
			b.story.Grant = core.GrantInfo{ID: evil, Site: evil, State: core.GrantState(evil), Reason: evil, Request: evil}
			b.story.Lines, b.story.Messages = []core.LogLine{line}, []core.StoryMessage{message}
			tuitest.On(t, l, opening(b, core.Actor{Name: evil}), func(s *tuitest.Show) {
				s.Press(keys...)
				for _, w := range windows {
					got := s.Screen.View(w.width, w.height-tuitest.Chrome)
					tuitest.Fits(t, fmt.Sprint(keys), got, w.width, w.height-tuitest.Chrome)
					for _, k := range s.Screen.Keys() {
						got += k.Help().Desc
					}
					tuitest.Safe(t, keys, got+s.Screen.Title()+s.Screen.(widget.Header).Corner())
				}
				tuitest.Safe(t, keys, s.Terminal.Farewell())
				for _, said := range append(s.Problems, s.Notices...) {
					tuitest.Safe(t, keys, said)
				}
			})
		}
	}
}
