package owner

import (
	"fmt"
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/view"
)

// lines are the commands that an owner copies. They hold the download token:
// they are shown in the session that proved it and nowhere else.
type lines struct {
	sftp, scp, back string
	archive         core.ArchiveInfo
}

// lines makes the commands for the archive at hand; those for an archive are
// empty where there is none.
func (s *Screen) lines() lines {
	user := safetext.Line(s.state.Site) + "+" + s.actor.Token.Reveal()
	host := safetext.Line(s.state.Host)
	l := lines{back: view.SSH(user, host, s.state.Port)}
	archive, ok := archiveOf(s.state, s.choices)
	if !ok {
		return l
	}
	port := ""
	if s.state.Port != 0 && s.state.Port != 22 {
		port = fmt.Sprintf("-P %d ", s.state.Port)
	}
	where := user + "@" + host + ":" + safetext.Path(archive.Name) + " ."
	l.archive, l.sftp, l.scp = archive, "sftp "+port+where, "scp "+port+where
	return l
}

// lastWords are printed once the screen has closed: the lines that an owner
// needs next, whole, in a place where a terminal lets them be selected.
func (s *Screen) lastWords() string {
	if s.read.IsZero() && !s.gone {
		return ""
	}
	call := s.text("call", map[string]any{"Call": s.state.Call})
	var out []string
	switch at := s.place(); at {
	case atHolding, atReady:
		if !s.state.Request.Proven {
			return ""
		}
		out = append(out, s.text("farewell.back", nil), "", "  "+s.lines().back)
	case atStart, atProgress, atFailed:
		id := "farewell.open"
		if at == atProgress {
			id = "farewell.running"
		}
		out = append(out, s.text(id, nil), "", "  "+s.lines().back)
	case atDownload, atHandover:
		l := s.lines()
		if l.sftp == "" {
			return ""
		}
		out = append(out, s.text("farewell.download", map[string]any{"Until": view.Time(s.state.Grant.Expires, s.state.Zone)}),
			"", "  "+l.sftp, "", s.text("farewell.or", nil), "", "  "+l.scp, "",
			s.text("farewell.sum", nil), "", "  "+safetext.Line(l.archive.SHA256))
	case atClosed, atExpired, atRevoked:
		if !s.ending {
			return ""
		}
		out = append(out, s.endText(at), call)
	case atGone:
		out = append(out, s.endText(at))
	default:
		return ""
	}
	return strings.Join(out, "\n")
}

// Leave implements widget.Leaver: what Ctrl+C says.
func (s *Screen) Leave() string { return s.lastWords() }
