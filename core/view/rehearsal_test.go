package view_test

import (
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/view"
	"breakglass/core/words"
)

// What became of a rehearsal reads as a person says it, in each language, and an
// archive that could not be tried out is not called bad.
func TestRehearsal(t *testing.T) {
	at := time.Date(2026, 11, 24, 11, 3, 0, 0, time.UTC)
	proved := core.Rehearsal{At: at, Server: "MariaDB 10.11.6", Tables: 214, Rows: 1030412, Files: 9}
	lost := core.Rehearsal{At: at, Why: core.RehearsalRows, What: "wp_posts: 1/2"}
	for _, tt := range []struct {
		archive  core.ArchiveInfo
		en, nl   string
		bad, dot bool
	}{
		{core.ArchiveInfo{}, "", "", false, false},
		{core.ArchiveInfo{Rehearsing: true, Rehearsal: lost}, "being tried out", "geprobeerd", false, true},
		{core.ArchiveInfo{Rehearsal: proved}, "Rehearsed 2026-11-24 12:03 CET: 214 tables, 1,030,412 rows", "1.030.412 rijen", false, true},
		{core.ArchiveInfo{Rehearsal: core.Rehearsal{At: at, Files: 9}}, ": 9 files are as they were. There is no dump", ": 9 bestanden zijn zoals ze waren. Er is geen dump", false, true},
		{core.ArchiveInfo{Rehearsal: core.Rehearsal{At: at, Files: 1}}, ": 1 file is as it was.", ": 1 bestand is zoals het was.", false, true},
		{core.ArchiveInfo{Rehearsal: core.Rehearsal{At: at, Server: "MariaDB 10.11.6", Tables: 1, Rows: 1, Files: 2000}}, ": 1 table, 1 row and 2,000 files came", ": 1 tabel, 1 rij en 2.000 bestanden kwamen", false, true},
		{core.ArchiveInfo{Rehearsal: lost}, "wp_posts: 1/2", "wp_posts: 1/2", true, true},
		{core.ArchiveInfo{Rehearsal: core.Rehearsal{At: at, Why: core.RehearsalNoServer}}, "no database server", "geen databaseserver", false, true},
		{core.ArchiveInfo{Rehearsal: core.Rehearsal{At: at, Why: "newer"}}, "Not rehearsed", "Niet geprobeerd", false, true},
	} {
		for lang, part := range map[string]string{"en": tt.en, "nl": tt.nl} {
			said := view.Rehearsal(lang, "Europe/Amsterdam", tt.archive)
			if !strings.Contains(said, part) || (said == "") != (part == "") || tt.dot != strings.HasSuffix(said, ".") || strings.Contains(said, "no value") {
				t.Errorf("%s: %q, want %q in it", lang, said, part)
			}
		}
		if got := view.RehearsalBad(tt.archive); got != tt.bad {
			t.Errorf("%+v: bad is %v", tt.archive, got)
		}
	}
	for _, why := range []core.RehearsalProblem{
		core.RehearsalDamaged, core.RehearsalRefused, core.RehearsalRows, core.RehearsalNoServer, core.RehearsalOtherServer, core.RehearsalNoUser,
		core.RehearsalNoStart, core.RehearsalTime, core.RehearsalMemory, core.RehearsalDisk, core.RehearsalBroke,
	} {
		if !words.Has("view.rehearsal." + string(why)) {
			t.Errorf("no words for %s", why)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234: "-1,234", 30412: "30,412", 1234567: "1,234,567"} {
		if got := view.Count("en", n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
