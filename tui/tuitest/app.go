package tuitest

import (
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// App is a whole model, the shell with its screen in it, in a bubble of fake time.
type App struct {
	loop
	T        *testing.T
	Model    tea.Model
	Terminal *Terminal
	Quit     bool // the model has ended the session
}

// Start starts a model as a session would. It ends with the test's bubble.
func Start(t *testing.T, terminal *Terminal, model tea.Model) *App {
	a := &App{T: t, Model: model, Terminal: terminal}
	a.take = a.update
	a.Run(model.Init())
	return a
}

func (a *App) update(msg tea.Msg) {
	if _, ok := msg.(tea.QuitMsg); ok {
		a.Quit = true
		return
	}
	var cmd tea.Cmd
	a.Model, cmd = a.Model.Update(msg)
	a.start(cmd)
}

// Send gives the model a message, and lets all that follows from it happen.
func (a *App) Send(msg tea.Msg) {
	a.give(msg)
	a.Run(nil)
}

// Press presses keys, each after all that followed from the one before; what is
// no key's name is typed.
func (a *App) Press(keys ...string) {
	for _, k := range keys {
		a.Send(Key(k))
	}
}

// Wait lets time pass, and what it brings.
func (a *App) Wait(d time.Duration) { time.Sleep(d); a.Run(nil) }

// Sees fails unless every text shows, however its lines are broken.
func (a *App) Sees(texts ...string) {
	a.T.Helper()
	for _, text := range texts {
		if !strings.Contains(a.shown(), text) {
			a.T.Fatalf("%q does not show:\n%s", text, a.Model.View())
		}
	}
}

// Misses fails if a text shows, however its lines are broken.
func (a *App) Misses(text string) {
	a.T.Helper()
	if strings.Contains(a.shown(), text) {
		a.T.Fatalf("%q shows:\n%s", text, a.Model.View())
	}
}

// shown is what the model shows, in one line.
func (a *App) shown() string { return strings.Join(strings.Fields(a.Model.View()), " ") }
