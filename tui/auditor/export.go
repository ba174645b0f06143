package auditor

import (
	"breakglass/core"
	"breakglass/core/view"
)

// exportLine is the command that exports the lines that the list shows.
func (s *Screen) exportLine() string {
	format := core.LogFormats()[s.format]
	command := append([]string{"log", "export"}, view.LogFlags(s.list.Query())...)
	if format != core.LogJSONL {
		command = append(command, "--format", string(format))
	}
	return view.Remote(s.me, command...) + " > " + s.exportFile()
}

// exportFile is a name for what that writes.
func (s *Screen) exportFile() string {
	name := "log"
	if s.list.Filtered() {
		name = "lines"
	}
	switch core.LogFormats()[s.format] {
	case core.LogJSONL:
		return name + ".jsonl"
	case core.LogOCSF:
		return name + ".ocsf.jsonl"
	case core.LogCEF:
		return name + ".cef"
	default:
		return name + ".syslog"
	}
}

// verifyLine is the command that checks an export, on any machine.
func (s *Screen) verifyLine() string {
	return "breakglass log verify " + s.exportFile() + " --key VKEY"
}

// exportPage says how to take the log, or what is shown of it, away.
func (s *Screen) exportPage(width int) []string {
	what := s.text("export.whole", nil)
	if s.list.Filtered() {
		what = s.text("export.some", map[string]any{"Filter": view.LogFilter(s.lang, s.list.Query())})
	}
	lines := append(s.theme.Wrap(what, width), "")
	lines = append(append(lines, s.code(s.exportLine(), width)...), "")
	verifiable := core.LogFormats()[s.format] == core.LogJSONL
	if verifiable {
		lines = append(append(lines, s.theme.Wrap(s.text("export.verify", nil), width)...), "")
		lines = append(append(lines, s.code(s.verifyLine(), width)...), "")
	} else {
		lines = append(append(lines, s.theme.Wrap(s.text("export.unverified", nil), width)...), "")
	}
	switch {
	case verifiable && s.list.Filtered():
		lines = append(append(lines, s.theme.Wrap(s.text("export.selection", nil), width)...), "")
	case verifiable:
		lines = append(append(lines, s.theme.Wrap(s.text("export.keep", nil), width)...), "")
	}
	return append(lines, s.theme.Wrap(s.text("export.again", nil), width)...)
}

// code draws a line that is to be typed.
func (s *Screen) code(line string, width int) []string {
	lines := s.theme.Wrap(line, width)
	for i := range lines {
		lines[i] = s.theme.Code.Render(lines[i])
	}
	return lines
}
