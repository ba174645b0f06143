package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

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
	// Only a kind that was added to core.Record and not here gets so far, and
	// a test calls this for every kind.
	return new(string), new(uint64)
}

// encode returns the record as it will come back, a copy that shares nothing
// with v and has its times in UTC, and its bytes.
func encode[T core.Record](v T) (kept T, data []byte, err error) {
	if data, err = json.Marshal(v); err != nil {
		return kept, nil, fmt.Errorf("encode: %w", err)
	}
	if kept, err = decode[T](data); err != nil {
		return kept, nil, err
	}
	if !inUTC(reflect.ValueOf(&kept).Elem()) {
		return kept, data, nil
	}
	if data, err = json.Marshal(kept); err != nil {
		return kept, nil, fmt.Errorf("encode: %w", err)
	}
	return kept, data, nil
}

func decode[T core.Record](data []byte) (T, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fmt.Errorf("decode: %w", err)
	}
	return v, nil
}

var typeTime = reflect.TypeFor[time.Time]()

// inUTC sets every time within v, which must be settable, to UTC, and reports
// whether one was not.
func inUTC(v reflect.Value) (changed bool) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == typeTime {
			at := v.Interface().(time.Time)
			if at.Location() == time.UTC {
				return false
			}
			v.Set(reflect.ValueOf(at.UTC()))
			return true
		}
		for _, field := range v.Fields() {
			changed = inUTC(field) || changed
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			changed = inUTC(v.Index(i)) || changed
		}
	case reflect.Pointer:
		if !v.IsNil() {
			changed = inUTC(v.Elem())
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			changed = inUTC(value) || changed
			v.SetMapIndex(key, value)
		}
	}
	return changed
}
