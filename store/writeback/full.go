package writeback

import (
	"errors"
	"fmt"
	"syscall"

	"breakglass/core"
)

// NoSpace makes a full disk known by core's sentinel. Other errors stay as they are.
func NoSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", core.ErrNoSpace, err)
	}
	return err
}
