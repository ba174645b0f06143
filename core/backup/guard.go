package backup

import (
	"fmt"
	"runtime/debug"
)

// guard turns a panic of f into an error. What a site holds is hostile input,
// and a panic in a goroutine of ours would end the whole server.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine broke: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
