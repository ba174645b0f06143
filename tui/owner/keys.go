package owner

import (
	"context"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"breakglass/core"
	"breakglass/tui/widget"
	"breakglass/tui/wizard"
)

// binding is a key of a page: what it is called in the footer and what it does.
// One with a reason why not says that instead.
type binding struct {
	keys  []string
	shown string // "Enter"
	id    string // of its text, behind "owner.key."
	not   string // ID of the text that says why it cannot be used now
	do    func(*Screen) tea.Cmd
}

// Keys implements widget.Screen.
func (s *Screen) Keys() []key.Binding {
	var keys []key.Binding
	for _, b := range s.bindings() {
		k := key.NewBinding(key.WithKeys(b.keys...), key.WithHelp(b.shown, s.text("key."+b.id, nil)))
		k.SetEnabled(b.not == "")
		keys = append(keys, k)
	}
	return keys
}

// key takes a key press: the page's own first, then what is typed.
func (s *Screen) key(msg tea.KeyMsg) tea.Cmd {
	for _, b := range s.bindings() {
		if !key.Matches(msg, key.NewBinding(key.WithKeys(b.keys...))) || msg.Paste {
			continue
		}
		if b.not != "" {
			return widget.Send(widget.Problem{Text: s.text("not."+b.not, nil)})
		}
		return b.do(s)
	}
	if s.question != nil {
		return nil
	}
	switch s.place() {
	case wizard.Reason:
		s.reason = s.reason.Update(msg)
	case wizard.Code, wizard.Paper:
		s.code = s.code.Update(msg)
	}
	return nil
}

func enter(id string, do func(*Screen) tea.Cmd) binding {
	return binding{keys: []string{"enter"}, shown: "Enter", id: id, do: do}
}

func esc(id string, do func(*Screen) tea.Cmd) binding {
	return binding{keys: []string{"esc"}, shown: "Esc", id: id, do: do}
}

func letter(name, id string, do func(*Screen) tea.Cmd) binding {
	return binding{keys: []string{name}, shown: name, id: id, do: do}
}

// unless gives a binding the reason why it cannot be used now.
func (b binding) unless(bad bool, not string) binding {
	if bad {
		b.not = not
	}
	return b
}

// bindings are the keys of the page that shows now, the most useful first.
func (s *Screen) bindings() []binding {
	if s.question != nil {
		return s.question.bindings()
	}
	switch at := s.place(); at {
	case wizard.Welcome, wizard.Reprove:
		return []binding{enter("begin", (*Screen).ask)}
	case wizard.Reason:
		return []binding{enter("go_on", (*Screen).draft), esc("back", (*Screen).stopAsking)}
	case wizard.Contacts:
		return s.contactKeys()
	case wizard.Code:
		return s.codeKeys()
	case wizard.Paper:
		return []binding{enter("send", (*Screen).enterPaper), esc("back", (*Screen).leavePaper)}
	case wizard.Holding:
		return []binding{letter("x", "cancel_request", (*Screen).askCancel)}
	case wizard.Ready:
		return []binding{enter("open", (*Screen).activate), letter("x", "cancel_request", (*Screen).askCancel)}
	case wizard.Start, wizard.Failed:
		return s.startKeys()
	case wizard.Progress:
		return []binding{letter("c", "cancel_backup", (*Screen).askStop), letter("x", "close", (*Screen).askClose)}
	case wizard.Download:
		return s.downloadKeys()
	case wizard.Handover:
		return []binding{enter("close", (*Screen).askClose), esc("back", (*Screen).backToDownload)}
	case wizard.Closed, wizard.Expired, wizard.Revoked:
		if s.ending {
			return []binding{enter("leave", func(*Screen) tea.Cmd { return tea.Quit })}
		}
		return []binding{enter("ask_again", (*Screen).ask)}
	case wizard.Gone:
		return []binding{enter("leave", func(*Screen) tea.Cmd { return tea.Quit })}
	case wizard.Vetoed, wizard.Lapsed, wizard.Cancelled:
		return []binding{enter("ask_again", (*Screen).ask)}
	case wizard.NoContact:
		if s.request() != nil {
			return []binding{letter("x", "cancel_request", (*Screen).askCancel)}
		}
		return []binding{esc("back", (*Screen).stopAsking)}
	}
	return nil
}

func (s *Screen) contactKeys() []binding {
	move := func(by int) func(*Screen) tea.Cmd {
		return func(s *Screen) tea.Cmd {
			s.cursor = min(max(s.cursor+by, 0), max(len(s.ways())-1, 0))
			return nil
		}
	}
	back := esc("cancel_request", (*Screen).askCancel)
	if s.Choosing {
		back = esc("back", func(s *Screen) tea.Cmd { s.Choosing = false; return nil })
	}
	return []binding{
		enter("send_code", (*Screen).choose),
		{keys: []string{"down", "j", "tab"}, shown: s.text("key.down", nil), id: "next", do: move(1)},
		{keys: []string{"up", "k", "shift+tab"}, shown: s.text("key.up", nil), id: "previous", do: move(-1)},
		back,
	}
}

func (s *Screen) codeKeys() []binding {
	return []binding{
		enter("send", (*Screen).enterCode),
		binding{keys: []string{"ctrl+r"}, shown: "Ctrl+R", id: "resend", do: (*Screen).resend}.unless(s.state.Request.SendsLeft == 0 && s.state.Request.CodeLive, "resend"),
		{keys: []string{"tab"}, shown: "Tab", id: "other_way", do: (*Screen).otherWay},
		esc("back", (*Screen).otherWay),
		{keys: []string{"ctrl+x"}, shown: "Ctrl+X", id: "cancel_request", do: (*Screen).askCancel},
	}
}

func (s *Screen) startKeys() []binding {
	streamed := wizard.Streamed(s.state) != nil
	var keys []binding
	switch {
	case streamed:
		keys = append(keys, binding{keys: []string{"enter", "h"}, shown: "Enter", id: "handover", do: func(s *Screen) tea.Cmd { s.Handover = true; return nil }})
	case s.tooFull():
		keys = append(keys, enter("start", nil).unless(true, "full"))
	default:
		keys = append(keys, enter("start", (*Screen).startBackup))
	}
	if streamed || s.tooFull() {
		keys = append(keys,
			letter("o", "copy_stream", func(s *Screen) tea.Cmd { return s.copy(s.lines().Stream) }),
			letter("w", "copy_windows", func(s *Screen) tea.Cmd { return s.copy(s.lines().Windows) }),
			letter("s", "store", (*Screen).startBackup))
	}
	if len(s.state.Archives) > 0 {
		keys = append(keys, letter("d", "old_archive", func(s *Screen) tea.Cmd { s.Archive = true; return nil }))
	}
	return append(keys, letter("x", "close", (*Screen).askClose))
}

func (s *Screen) downloadKeys() []binding {
	token := s.actor.Token.IsZero()
	keys := []binding{
		enter("handover", func(s *Screen) tea.Cmd { s.Handover = true; return nil }),
		letter("o", "copy_sftp", func(s *Screen) tea.Cmd { return s.copy(s.lines().SFTP) }).unless(token, "copy"),
		letter("c", "copy_scp", func(s *Screen) tea.Cmd { return s.copy(s.lines().SCP) }).unless(token, "copy"),
		letter("n", "new_backup", (*Screen).askAnew),
		letter("x", "close", (*Screen).askClose),
	}
	if s.Archive && (s.state.Job == nil || s.state.Job.State != core.JobSealed) {
		keys = append(keys, esc("back", func(s *Screen) tea.Cmd { s.Archive = false; return nil }))
	}
	return keys
}

// copy puts a line into the clipboard of the person's own terminal.
func (s *Screen) copy(line string) tea.Cmd {
	good := s.text("download.copied", nil)
	return widget.Do(s.terminal.Context(), func(context.Context) tea.Msg {
		if err := s.terminal.Copy(line); err != nil {
			return widget.Problem{Text: s.text("not.copied", nil)}
		}
		return widget.Notice{Text: good}
	})
}
