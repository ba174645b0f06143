package restore

import (
	"fmt"
)

// State is how a check came out.
type State string

// The states of a check.
const (
	OK   State = "ok"
	Warn State = "warning" // it will work, but
	Fail State = "failed"  // it cannot work
)

// Check is a line of the preflight or of the checks after a restore.
type Check struct {
	Name     string `json:"name"`
	State    State  `json:"state"`
	Sentence string `json:"sentence"` // what was found and, where it is wrong, what to do
}

// Mark is the sign of a state.
func (s State) Mark() string {
	switch s {
	case OK:
		return "✓"
	case Warn:
		return "!"
	default:
		return "✗"
	}
}

// String implements fmt.Stringer.
func (c Check) String() string { return fmt.Sprintf("%s %s: %s", c.State.Mark(), c.Name, c.Sentence) }

// checks is a list of them.
type checks []Check

func (c *checks) ok(name, format string, args ...any)   { c.add(name, OK, format, args...) }
func (c *checks) warn(name, format string, args ...any) { c.add(name, Warn, format, args...) }
func (c *checks) fail(name, format string, args ...any) { c.add(name, Fail, format, args...) }

func (c *checks) add(name string, state State, format string, args ...any) {
	*c = append(*c, Check{name, state, fmt.Sprintf(format, args...)})
}

// failed returns the first that failed.
func (c checks) failed() *Check {
	for i := range c {
		if c[i].State == Fail {
			return &c[i]
		}
	}
	return nil
}
