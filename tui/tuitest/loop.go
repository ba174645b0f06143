package tuitest

import (
	"sync"
	"testing/synctest"

	tea "github.com/charmbracelet/bubbletea"
)

// loop runs commands as Bubble Tea does, but for its timing: all that can happen
// now happens before a step ends. It lives in a bubble of fake time, which does
// not end before whatever a command left behind.
type loop struct {
	take  func(tea.Msg) // is given each message but those that hold others
	mu    sync.Mutex
	inbox []tea.Msg
}

// Run runs a command and all that follows from it, but for what waits for time.
func (l *loop) Run(cmd tea.Cmd) {
	for l.start(cmd); l.Step(); {
	}
}

// Step takes the messages that are there now, and reports whether there were any.
func (l *loop) Step() bool {
	synctest.Wait()
	l.mu.Lock()
	inbox := l.inbox
	l.inbox = nil
	l.mu.Unlock()
	for _, msg := range inbox {
		l.give(msg)
	}
	return len(inbox) > 0
}

func (l *loop) start(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		msg := cmd()
		l.mu.Lock()
		defer l.mu.Unlock()
		if msg != nil {
			l.inbox = append(l.inbox, msg)
		}
	}()
}

func (l *loop) give(msg tea.Msg) {
	if batch, ok := msg.(tea.BatchMsg); ok {
		for _, cmd := range batch {
			l.start(cmd)
		}
		return
	}
	l.take(msg)
}

// keys are the keys that are not text, by name.
var keys = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown, "tab": tea.KeyTab, "left": tea.KeyLeft, "right": tea.KeyRight,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace, "f1": tea.KeyF1,
	"ctrl+c": tea.KeyCtrlC, "ctrl+r": tea.KeyCtrlR, "ctrl+u": tea.KeyCtrlU, "ctrl+v": tea.KeyCtrlV, "ctrl+x": tea.KeyCtrlX,
}

// Key is a key by its name, or letters that came at once, as a fast hand or a
// paste sends them.
func Key(name string) tea.KeyMsg {
	if kind, ok := keys[name]; ok {
		return tea.KeyMsg{Type: kind}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}
