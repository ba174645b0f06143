package widget

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core/words"
)

// typeKey takes a key while a filter or a number is typed.
func (l *LogList) typeKey(msg tea.KeyMsg) tea.Cmd {
	switch name := msg.String(); {
	case name == "enter" && l.typing == typingFilter:
		return l.Filter(l.input.Value())
	case name == "enter":
		return l.jump(l.input.Value())
	case name == "esc":
		l.typing, l.wrong = typingNothing, ""
	default:
		l.input, l.wrong = l.input.Update(msg), ""
	}
	return nil
}

// key takes a key of the list or of the line that is open.
func (l *LogList) key(msg tea.KeyMsg) (tea.Cmd, bool) {
	if l.open != nil {
		if msg.String() == "esc" {
			l.open = nil
			return nil, true
		}
		var mine bool
		l.pager, mine = l.pager.Update(msg)
		return nil, mine
	}
	switch msg.String() {
	case "/":
		l.typing, l.input = typingFilter, l.input.Set(l.filter)
		return nil, true
	case "#":
		l.typing, l.input = typingNumber, l.input.Set("")
		return nil, true
	case "esc":
		return l.back()
	case "c":
		l.paused, l.dry = false, 0
		return l.fill(), true
	case "enter":
		if at, ok := l.table.Selected(); ok {
			line := l.lines[at]
			l.open, l.pager = &line, NewPager()
		}
		return nil, true
	case "home", "g":
		if l.cut {
			return l.restart(logNewest), true
		}
	case "end", "G":
		if l.lower > 0 {
			return l.restart(logOldest), true
		}
	}
	var mine bool
	l.table, mine = l.table.Update(msg)
	return l.fill(), mine
}

// back stops a search, or else shows all lines again.
func (l *LogList) back() (tea.Cmd, bool) {
	switch {
	case l.searching():
		l.paused = true
		return l.Start(), true
	case l.filter != "":
		return l.Filter(""), true
	}
	return nil, false
}

// Keys are the list's keys that do something now.
func (l *LogList) Keys() []key.Binding {
	switch {
	case l.typing != typingNothing:
		return []key.Binding{l.bind("apply", "enter"), l.bind("cancel", "esc")}
	case l.open != nil:
		return []key.Binding{l.bind("back", "esc"), l.bind("scroll", "up", "down", "pgup", "pgdown", "home", "end")}
	}
	var keys []key.Binding
	switch {
	case l.searching():
		keys = append(keys, l.bind("stop", "esc"))
	case l.paused:
		keys = append(keys, l.bind("continue", "c"))
	}
	if l.filter != "" && !l.searching() {
		keys = append(keys, l.bind("clear", "esc"))
	}
	return append(keys,
		l.bind("open", "enter"), l.bind("filter", "/"), l.bind("jump", "#"), l.bind("ends", "home", "end"),
		l.bind("move", "up", "down", "pgup", "pgdown"), l.bind("terms", "/"))
}

func (l *LogList) bind(id string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...),
		key.WithHelp(words.Text(l.lang, "log.key."+id+".name", nil), words.Text(l.lang, "log.key."+id, nil)))
}
