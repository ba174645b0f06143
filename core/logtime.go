package core

import (
	"strings"
	"time"

	"breakglass/core/safetext"
)

// The forms in which a moment of the log may be written, all in UTC, and how
// much time each of them means.
var logTimes = []struct {
	layout string
	span   time.Duration
}{
	{"2006-01-02", 24 * time.Hour},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15:04Z", time.Minute},
	{"2006-01-02T15:04:05", 0},
	{"2006-01-02T15:04:05Z", 0},
}

// LogTime reads a moment as people write it when they look for lines of the
// log: "today", "yesterday", "2026-11-20", "2026-11-20T14:02", or how long ago,
// as "-3d", "-4h" and "-90m". It is in UTC. What means a whole day or minute is
// its start; with end it is its end, so that from:today to:today is today. It
// fails with ErrInvalid and a sentence that says what can be read. Parts of a second
// are dropped.
func LogTime(text string, now time.Time, end bool) (time.Time, error) {
	now = now.UTC().Truncate(time.Second)
	day := now.Truncate(24 * time.Hour) // since the year 1, in UTC
	given := strings.ToLower(strings.TrimSpace(text))
	at, span := day, 24*time.Hour
	switch {
	case given == "now":
		return now, nil
	case given == "today":
	case given == "yesterday":
		at = day.AddDate(0, 0, -1)
	case strings.HasPrefix(given, "-"):
		ago, ok := longAgo(given[1:])
		if !ok {
			return time.Time{}, logTimeRefusal(text)
		}
		return now.Add(-ago), nil
	default:
		var ok bool
		if at, span, ok = logMoment(strings.ToUpper(given)); !ok {
			return time.Time{}, logTimeRefusal(text)
		}
	}
	if end {
		at = at.Add(span)
	}
	return at, nil
}

func logTimeRefusal(text string) error {
	short := []rune(safetext.Line(text))
	return Refuse(ErrInvalid, "“%s” is no time that can be read. Write today, yesterday, 2026-11-20, 2026-11-20T14:02 or -3d, -4h, -90m for how long ago; all are UTC.",
		string(short[:min(len(short), 40)]))
}

func logMoment(given string) (at time.Time, span time.Duration, ok bool) {
	for _, form := range logTimes {
		if at, err := time.Parse(form.layout, given); err == nil {
			return at, form.span, true
		}
	}
	return time.Time{}, 0, false
}

// longAgo reads "3d", "4h", "90m" and whatever else Go reads of lengths of time,
// up to a century.
func longAgo(given string) (time.Duration, bool) {
	const century = 36525 * 24 * time.Hour
	if days, found := strings.CutSuffix(given, "d"); found {
		n := 0
		for _, r := range days {
			if r < '0' || r > '9' || n > 36525 {
				return 0, false
			}
			n = n*10 + int(r-'0')
		}
		ago := time.Duration(n) * 24 * time.Hour
		return ago, days != "" && n <= 36525
	}
	ago, err := time.ParseDuration(given)
	return ago, err == nil && ago >= 0 && ago <= century
}
