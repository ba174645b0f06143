package view

import (
	"breakglass/core"
	"breakglass/core/words"
)

// Rehearsal says in one sentence what became of trying an archive out, and why
// it could not be where it could not; "" where that is not known.
func Rehearsal(lang, zone string, a core.ArchiveInfo) string {
	r := a.Rehearsal
	counted := func(what string, n int64) string {
		return words.Text(lang, "view.rehearsal.count_"+what, map[string]any{"Count": n, "Shown": Count(lang, n)})
	}
	data := map[string]any{
		"Time": Time(r.At, zone), "Took": Left(lang, r.Took), "Server": r.Server, "What": r.What,
		"Tables": counted("tables", r.Tables), "Rows": counted("rows", r.Rows), "Files": counted("files", r.Files), "Count": r.Files,
	}
	say := func(id string) string { return words.Text(lang, "view.rehearsal."+id, data) }
	switch {
	case a.Rehearsing:
		return say("running")
	case r.At.IsZero():
		return ""
	case r.Good() && r.Server == "":
		return say("files_only")
	case r.Good():
		return say("good")
	}
	id := "view.rehearsal." + string(r.Why)
	if !words.Has(id) {
		return say("unknown")
	}
	return say(string(r.Why))
}

// RehearsalBad reports whether a rehearsal found the archive itself not right.
func RehearsalBad(a core.ArchiveInfo) bool {
	if a.Rehearsing || a.Rehearsal.At.IsZero() {
		return false
	}
	switch a.Rehearsal.Why {
	case core.RehearsalDamaged, core.RehearsalRefused, core.RehearsalRows:
		return true
	}
	return false
}
