package owner

import (
	"strings"

	"breakglass/core/safetext"
	"breakglass/core/view"
	"breakglass/tui/wizard"
)

// lines are the commands of this session.
func (s *Screen) lines() wizard.Lines {
	return wizard.LinesOf(s.state, s.Choices, s.actor.Token)
}

// lastWords are printed once the screen has closed: the lines that an owner
// needs next, whole, in a place where a terminal lets them be selected.
func (s *Screen) lastWords() string {
	if s.read.IsZero() && !s.gone {
		return ""
	}
	call := s.text("call", map[string]any{"Call": s.whom()})
	var out []string
	switch at := s.place(); at {
	case wizard.Holding, wizard.Ready:
		if !s.state.Request.Proven {
			return ""
		}
		out = append(out, s.text("farewell.back", nil), "", "  "+s.lines().Back)
	case wizard.Start, wizard.Progress, wizard.Failed:
		id := "farewell.open"
		if at == wizard.Progress {
			id = "farewell.running"
		}
		out = append(out, s.text(id, nil), "", "  "+s.lines().Back)
		if at != wizard.Progress && s.tooFull() {
			out = append(out, "", s.text("farewell.stream", nil), "", "  "+s.lines().Stream, "", "  "+s.lines().Windows)
		}
	case wizard.Download, wizard.Handover:
		l := s.lines()
		if j := wizard.Streamed(s.state); j != nil && l.SFTP == "" {
			return s.text("farewell.sum", nil) + "\n\n  " + safetext.Line(j.SHA256)
		}
		if l.SFTP == "" {
			return ""
		}
		out = append(out, s.text("farewell.download", map[string]any{"Until": view.Time(s.state.Grant.Expires, s.state.Zone)}),
			"", "  "+l.SFTP, "", s.text("farewell.or", nil), "", "  "+l.SCP, "",
			s.text("farewell.sum", nil), "", "  "+safetext.Line(l.Archive.SHA256))
	case wizard.Closed, wizard.Expired, wizard.Revoked:
		if !s.ending {
			return ""
		}
		out = append(out, s.endText(at), call)
	case wizard.Gone:
		out = append(out, s.endText(at))
	default:
		return ""
	}
	return strings.Join(out, "\n")
}

// Leave implements widget.Leaver: what Ctrl+C says.
func (s *Screen) Leave() string { return s.lastWords() }
