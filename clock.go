package main

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// systemClock is the machine's clock. It is safe for concurrent use.
type systemClock struct{ boot string }

func newSystemClock() systemClock {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		// Without a boot ID no deadline is judged by a clock of another boot.
		return systemClock{boot: "started " + time.Now().UTC().Format(time.RFC3339Nano)}
	}
	return systemClock{boot: strings.TrimSpace(string(id))}
}

// Now implements core.Clock.
func (systemClock) Now() time.Time { return time.Now().Round(0) }

// Boot implements core.Clock by CLOCK_BOOTTIME, which runs while the machine
// sleeps.
func (c systemClock) Boot() (string, time.Duration) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return "", 0
	}
	return c.boot, time.Duration(t.Nano())
}

// AfterFunc implements core.Clock.
func (systemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}
