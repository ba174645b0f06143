package sshserver

import tea "github.com/charmbracelet/bubbletea"

// guarded is a model whose panics end its own session, with an incident in the
// log. Bubble Tea would print them to the server's standard output. (It still
// catches those of commands inside a tea.Sequence, which cannot be wrapped.)
// It belongs to the program's goroutine.
type guarded struct {
	tea.Model
	server   *Server
	quit     func()
	incident string // "" as long as all is well
}

// panicked is what the panic of a command becomes.
type panicked struct{ incident string }

// fail ends the program. The first incident is the one to quote.
func (g *guarded) fail(id string) {
	if g.incident == "" {
		g.incident = id
	}
	g.quit()
}

// Init implements tea.Model.
func (g *guarded) Init() tea.Cmd {
	defer g.server.contain("screen", g.fail)
	return g.wrap(g.Model.Init())
}

// Update implements tea.Model.
func (g *guarded) Update(msg tea.Msg) (same tea.Model, cmd tea.Cmd) {
	same = g
	defer g.server.contain("screen", g.fail)
	if p, ok := msg.(panicked); ok {
		g.fail(p.incident)
	}
	if g.incident != "" {
		return g, nil
	}
	next, cmd := g.Model.Update(msg)
	g.Model = next
	return g, g.wrap(cmd)
}

// View implements tea.Model.
func (g *guarded) View() string {
	defer g.server.contain("screen", g.fail)
	if g.incident != "" {
		return ""
	}
	return g.Model.View()
}

// filter calls f under the same guard; a message that it panics on is dropped.
func (g *guarded) filter(f func(tea.Model, tea.Msg) tea.Msg, msg tea.Msg) (passed tea.Msg) {
	defer g.server.contain("screen", func(id string) { passed = panicked{id} })
	return f(g.Model, msg)
}

// wrap puts the guard around a command, and around those of a batch.
func (g *guarded) wrap(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer g.server.contain("screen command", func(id string) { msg = panicked{id} })
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = g.wrap(batch[i])
			}
		}
		return msg
	}
}
