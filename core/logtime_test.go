package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
)

func TestLogTime(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 2, 7, 5, time.FixedZone("CET", 3600)) // 13:02:07 UTC
	for _, c := range []struct{ text, from, to string }{
		{"today", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"},
		{" Today ", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"},
		{"yesterday", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"},
		{"now", "2026-11-24T13:02:07Z", "2026-11-24T13:02:07Z"},
		{"2026-11-20", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		{"2026-11-20T14:02", "2026-11-20T14:02:00Z", "2026-11-20T14:03:00Z"},
		{"2026-11-20T14:02Z", "2026-11-20T14:02:00Z", "2026-11-20T14:03:00Z"},
		{"2026-11-20t14:02:09z", "2026-11-20T14:02:09Z", "2026-11-20T14:02:09Z"},
		{"-3d", "2026-11-21T13:02:07Z", "2026-11-21T13:02:07Z"},
		{"-90m", "2026-11-24T11:32:07Z", "2026-11-24T11:32:07Z"},
		{"-1h30m", "2026-11-24T11:32:07Z", "2026-11-24T11:32:07Z"},
		{"", "", ""}, {"3d", "", ""}, {"-", "", ""}, {"-d", "", ""}, {"-3", "", ""}, {"--3h", "", ""}, {"-99999999d", "", ""}, {"-9999999h", "", ""},
		{"2026-02-30", "", ""}, {"2026-1-2", "", ""}, {"20-11-2026", "", ""}, {"monday", "", ""}, {"2026-11-20T14:02+01:00", "", ""},
		{"\x1b[2J\u202eday", "", ""}, {strings.Repeat("x", 9000), "", ""},
	} {
		for end, want := range map[bool]string{false: c.from, true: c.to} {
			got, err := core.LogTime(c.text, now, end)
			if want == "" {
				if !errors.Is(err, core.ErrInvalid) || safetext.Line(err.Error()) != err.Error() || len(err.Error()) > 300 {
					t.Errorf("%q: %v, %v", c.text, got, err)
				}
				continue
			}
			if err != nil || got.Format(time.RFC3339Nano) != want {
				t.Errorf("%q, end %v: %s, %v; want %s", c.text, end, got.Format(time.RFC3339Nano), err, want)
			}
		}
	}
}

// What is read is within centuries of now, and a refusal is safe to show.
func FuzzLogTime(f *testing.F) {
	for _, s := range []string{"today", "2026-11-20", "-3d", "-9223372036854775807ns", "0000-01-01", "\u202e", "-1e9h"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		from, err := core.LogTime(text, now, false)
		to, err2 := core.LogTime(text, now, true)
		if (err == nil) != (err2 == nil) || err != nil && safetext.Line(err.Error()) != err.Error() {
			t.Fatalf("%q: %v, %v", text, err, err2)
		}
		if err == nil && (to.Before(from) || to.Sub(from) > 24*time.Hour || from.Location() != time.UTC) {
			t.Fatalf("%q: from %v to %v", text, from, to)
		}
	})
}
