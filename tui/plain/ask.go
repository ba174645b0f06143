package plain

import (
	"context"
	"strconv"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/tui/wizard"
)

// lookEvery is the pace at which the stored state is read again while a
// question waits for its answer.
const lookEvery = time.Second

// page is what is said at a place, and what can be answered.
type page struct {
	lead    func()                  // said when the person comes here
	choices []choice                // numbered from 1; 0 always leaves
	field   string                  // what a free answer is; "": numbers only
	free    func(text string) error // takes one
	empty   string                  // the text that answers Enter alone
}

// choice is one numbered answer.
type choice struct {
	text string
	do   func() error
}

// visit says what there is at a place and carries out what is answered.
func (s *session) visit(at wizard.Place) error {
	if at == wizard.Progress {
		return s.follow()
	}
	if at != s.shown {
		s.inspect(at)
	}
	p := s.pageAt(at)
	if at != s.shown {
		s.gap()
		p.lead()
		s.shown = at
	}
	return s.ask(p)
}

// again has the lead of this page said once more.
func (s *session) again() error { s.shown = ""; return nil }

// ask asks for one of the page's answers until one is given.
func (s *session) ask(p page) error {
	for i, c := range p.choices {
		s.item(strconv.Itoa(i+1)+". ", c.text)
	}
	s.item("0. ", s.text("plain.leave", nil))
	for {
		prompt := s.text("plain.number", nil)
		if p.field != "" {
			prompt = p.field
		}
		answer, err := s.readLine(prompt)
		if err != nil {
			return err
		}
		n, notNumber := strconv.Atoi(answer)
		switch {
		case answer == "0":
			return errLeft
		case notNumber == nil && n >= 1 && n <= len(p.choices) && len(answer) < 3:
			return p.choices[n-1].do()
		case answer == "" && p.empty != "":
			s.tell(nil, p.empty)
		case p.free != nil && answer != "":
			return p.free(answer)
		default:
			s.tell(map[string]any{"Most": len(p.choices)}, "plain.no_such")
		}
	}
}

// sure asks before something that cannot be taken back. Anything but the word
// yes is no.
func (s *session) sure(question string) (bool, error) {
	s.gap()
	s.tell(nil, "owner.question."+question+".title", "owner.question."+question+".lead", "plain.sure")
	answer, err := s.readLine(s.text("plain.yes_or_no", nil))
	if err != nil {
		return false, err
	}
	yes := strings.EqualFold(answer, s.text("plain.yes", nil))
	if !yes {
		s.tell(nil, "plain.kept")
	}
	return yes, nil
}

// readLine waits for a line. Meanwhile it looks once a second how things stand:
// what is new is said, and when the person is somewhere else by now it returns
// errMoved.
func (s *session) readLine(prompt string) (string, error) {
	prompt = signs.Replace(prompt) + " "
	s.out.write(prompt)
	for {
		if s.out.err != nil {
			return "", s.out.err
		}
		line, ok, left := s.keys.next()
		switch {
		case ok:
			return line, s.out.err
		case left:
			s.gap() // what follows does not stand behind the prompt
			return "", errLeft
		}
		moved, news, err := s.wait()
		if err != nil {
			return "", err
		}
		if moved || len(news) > 0 {
			s.gap()
		}
		if moved {
			s.keys.forget()
			return "", errMoved
		}
		if len(news) > 0 {
			s.say(news...)
			s.out.write(prompt + s.keys.typed())
		}
	}
}

// wait waits for keys, or looks how things stand after a moment.
func (s *session) wait() (moved bool, news []string, err error) {
	ticked, stop := s.after(lookEvery)
	defer stop()
	select {
	case <-s.ctx.Done():
		return false, nil, context.Cause(s.ctx)
	case chunk, open := <-s.keys.chunks:
		s.keys.take(chunk, open)
		return false, nil, nil
	case <-ticked:
		return s.look()
	}
}

// after returns a channel that is closed after d.
func (s *session) after(d time.Duration) (<-chan struct{}, func() bool) {
	over := make(chan struct{})
	return over, s.clock.AfterFunc(d, func() { close(over) })
}

// look reads the stored state again and says whether the person is somewhere
// else now, and what is new where they are.
func (s *session) look() (moved bool, news []string, err error) {
	at, was := s.place(), s.state
	if err := s.load(); err != nil {
		return true, nil, nil // the next page's load says what is wrong
	}
	if s.over || s.place() != at {
		return true, nil, nil
	}
	if at == wizard.Code && s.state.Request.CodeLive != was.Request.CodeLive {
		s.shown = "" // the page says now what to do about it
		return true, nil, nil
	}
	return false, s.news(at, was), nil
}

// warnings are how long before its end an access that ends is told of.
var warnings = []time.Duration{10 * time.Minute, time.Minute}

// news is what changed on a page since it was said.
func (s *session) news(at wizard.Place, was core.OwnerState) (news []string) {
	if g := s.state.Grant; g != nil && g.Proven && s.warned < len(warnings) && g.Left <= warnings[s.warned] {
		for s.warned < len(warnings) && g.Left <= warnings[s.warned] {
			s.warned++
		}
		news = append(news, s.text("plain.ends_soon", map[string]any{"Left": view.Left(s.state.Lang, g.Left)}))
	}
	switch at {
	case wizard.Code:
		if now := s.state.Request; was.Request != nil && now.Message.State != was.Request.Message.State {
			news = append(news, s.messageText(*now)...)
		}
	case wizard.Download:
		news = append(news, s.sentNews(was)...)
		news = append(news, s.rehearsalNews(was)...)
	}
	return news
}
