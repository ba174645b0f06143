package coretest_test

import (
	"testing"

	"breakglass/core"
	"breakglass/core/coretest"
)

func TestWitnessFake(t *testing.T) {
	w := coretest.NewWitness()
	coretest.TestWitness(t, func(*testing.T) core.Witness { return w })
}
