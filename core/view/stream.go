package view

import (
	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// StreamBegun says to an owner that the archive is on its way to them.
func StreamBegun(lang string) string { return words.Text(lang, "view.stream.begun", nil) }

// StreamCut says to an owner what there is of an archive whose stream was cut.
func StreamCut(lang string) string { return words.Text(lang, "view.stream.cut", nil) }

// Streamed says line by line what an owner must know of an archive that went
// straight to them: the verdict, the notes, and the checksum to compare.
func Streamed(lang string, r core.BackupResult) []string {
	id := "view.stream.incomplete"
	switch r.Verdict {
	case core.VerdictComplete:
		id = "view.stream.complete"
	case core.VerdictNotes:
		id = "view.stream.notes"
	}
	lines := []string{Verdict(lang, r.Verdict), words.Text(lang, id, map[string]any{"Size": Size(lang, r.Written)})}
	for _, note := range r.Notes {
		lines = append(lines, "- "+safetext.Note(note))
	}
	return append(lines, words.Text(lang, "view.stream.check", nil), "SHA-256 "+cell(r.SHA256))
}
