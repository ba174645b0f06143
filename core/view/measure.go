package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"breakglass/core/words"
)

// Nothing stands where there is no value.
const Nothing = "-"

// Size writes a number of bytes in decimal units, as disks are sold and as
// browsers show downloads, with the decimal mark of a language: "999 B",
// "1.4 GB", "1,4 GB", "142 MB". Less than 0 reads as 0.
func Size(lang string, bytes int64) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d B", max(bytes, 0))
	}
	value, units := float64(bytes)/1000, []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	for len(units) > 1 && value >= 999.5 {
		value, units = value/1000, units[1:]
	}
	if value >= 99.95 {
		return fmt.Sprintf("%.0f %s", value, units[0])
	}
	text := fmt.Sprintf("%.1f %s", value, units[0])
	if !english(lang) {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// english reports whether numbers are written as in English: where no language
// is given too.
func english(lang string) bool { return lang == "" || lang == "en" }

// Count writes a number in groups of three, as people of that language do:
// "30,412", "30.412".
func Count(lang string, n int64) string {
	text := strconv.FormatInt(n, 10)
	mark := ","
	if !english(lang) {
		mark = "."
	}
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + mark + text[i:]
	}
	return text
}

// Rate writes bytes a second: "2.1 MB/s", [Nothing] while unknown.
func Rate(lang string, perSecond float64) string {
	if perSecond <= 0 {
		return Nothing
	}
	return Size(lang, int64(perSecond)) + "/s"
}

// unit is how a language writes a number of a unit of time, by the name it has
// in the catalogue.
func unit(lang, name string, n int) string {
	return words.Text(lang, "view.unit."+name, map[string]any{"Count": n})
}

// Left writes a remaining time in its two largest useful units, as people of
// that language do: "2 d 3 h", "3 h 12 min", "3 u 12 min", "9 min 5 s", "42 s".
// It rounds down, so that it never promises more time than there is; what is
// over reads "0 s".
func Left(lang string, d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	days, hours := int(d/(24*time.Hour)), int(d/time.Hour)
	minutes, seconds := int(d/time.Minute), int(d/time.Second)
	two := func(name string, n int, smaller string, m int) string {
		return unit(lang, name, n) + " " + unit(lang, smaller, m)
	}
	switch {
	case d >= 48*time.Hour:
		return two("days", days, "hours", hours%24)
	case d >= time.Hour:
		return two("hours", hours, "minutes", minutes%60)
	case d >= 10*time.Minute:
		return unit(lang, "minutes", minutes)
	case d >= time.Minute:
		return two("minutes", minutes, "seconds", seconds%60)
	default:
		return unit(lang, "seconds", seconds)
	}
}

// Span writes a set length of time without the parts that are nothing: "4 h",
// "90 min", "3 d", "1 h 40 min"; in Dutch "4 uur", "90 min", "3 dagen".
func Span(lang string, d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return unit(lang, "only_days", int(d/(24*time.Hour)))
	case d >= time.Hour && d%time.Hour == 0:
		return unit(lang, "only_hours", int(d/time.Hour))
	case d < 2*time.Hour && d%time.Minute == 0:
		return unit(lang, "only_minutes", int(d/time.Minute))
	default:
		return Left(lang, d)
	}
}

// Time writes a moment in a zone by its IANA name, UTC where that is empty or
// unknown: "2026-11-24 14:02 CET". The zero time reads as [Nothing].
func Time(t time.Time, zone string) string { return stamp(t, zone, "2006-01-02 15:04 MST") }

// TimeAndUTC is [Time] with the same moment in UTC behind it, where that reads
// otherwise: "2026-11-24 14:02 CET (2026-11-24 13:02 UTC)". It is for what is
// compared with the log later.
func TimeAndUTC(t time.Time, zone string) string {
	local, utc := Time(t, zone), Time(t, "")
	if local == utc {
		return utc
	}
	return local + " (" + utc + ")"
}

// Moment is [Time] to the second, for the log.
func Moment(t time.Time, zone string) string { return stamp(t, zone, "2006-01-02 15:04:05 MST") }

// TimeOfDay writes the time alone, for what happened just now: "14:02:07 CET".
func TimeOfDay(t time.Time, zone string) string { return stamp(t, zone, "15:04:05 MST") }

func stamp(t time.Time, zone, layout string) string {
	if t.IsZero() {
		return Nothing
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" { // the server's own zone tells the reader nothing
		loc = time.UTC
	}
	return t.In(loc).Format(layout)
}
