package coretest

import (
	"encoding/json"
	"fmt"

	"breakglass/core"
)

// keys returns where a record keeps its ID and its version.
func keys[T core.Record](v *T) (id *string, version *uint64) {
	switch r := any(v).(type) {
	case *core.Site:
		return &r.ID, &r.Version
	case *core.Person:
		return &r.ID, &r.Version
	case *core.Request:
		return &r.ID, &r.Version
	case *core.Grant:
		return &r.ID, &r.Version
	case *core.Job:
		return &r.ID, &r.Version
	case *core.Archive:
		return &r.ID, &r.Version
	case *core.Message:
		return &r.ID, &r.Version
	case *core.Push:
		return &r.ID, &r.Version
	}
	panic(fmt.Sprintf("coretest: no keys for %T", v)) // a record that core.Record lists and this does not
}

// decode reads a stored record. Records are kept encoded, so that a test
// cannot change one through a slice that it still holds, and finds a field
// that would not survive the disk.
func decode[T core.Record](data []byte) (T, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fmt.Errorf("decode %T: %w", v, err)
	}
	return v, nil
}
