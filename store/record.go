package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

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
	kept = v
	settle(reflect.ValueOf(&kept).Elem())
	if data, err = json.Marshal(kept); err != nil {
		return v, nil, fmt.Errorf("encode: %w", err)
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

var (
	typeTime  = reflect.TypeFor[time.Time]()
	typeTexts = reflect.TypeFor[map[string]string]()
)

// settle makes v, which must be settable, what it will be when it was written as
// JSON and read again: parts of its own, times in UTC without the clock of the
// process, and of texts that are not UTF-8 what is. (To write and read it takes
// five times as long, and half of the time that a step computes.)
func settle(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) {
			v.SetString(asUTF8(s))
		}
	case reflect.Struct:
		if v.Type() == typeTime {
			at := v.Addr().Interface().(*time.Time)
			*at = at.Round(0).UTC()
			return
		}
		for i := range v.NumField() {
			if leftOut(v, i) {
				v.Field(i).SetZero()
			}
			settle(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			settle(v.Index(i))
		}
	case reflect.Slice:
		settleSlice(v)
	case reflect.Map:
		settleMap(v)
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			settle(own.Elem())
			v.Set(own)
		}
	}
}

// leftOut reports whether a field is a slice or a map without anything in it
// that is not written, so that it comes back as nil.
func leftOut(v reflect.Value, i int) bool {
	f := v.Field(i)
	if kind := f.Kind(); (kind != reflect.Slice && kind != reflect.Map) || f.IsNil() || f.Len() > 0 {
		return false
	}
	return strings.HasSuffix(v.Type().Field(i).Tag.Get("json"), ",omitempty")
}

func settleSlice(v reflect.Value) {
	if v.IsNil() {
		return
	}
	own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(own, v)
	v.Set(own)
	if v.Type().Elem().Kind() != reflect.Uint8 {
		for i := range v.Len() {
			settle(v.Index(i))
		}
	}
}

func settleMap(v reflect.Value) {
	if v.IsNil() {
		return
	}
	if v.Type() == typeTexts {
		own := make(map[string]string, v.Len())
		for key, text := range *v.Addr().Interface().(*map[string]string) {
			own[asUTF8(key)] = asUTF8(text)
		}
		v.Set(reflect.ValueOf(own))
		return
	}
	own := reflect.MakeMapWithSize(v.Type(), v.Len())
	for each := v.MapRange(); each.Next(); {
		pair := [2]reflect.Value{each.Key(), each.Value()}
		for i, part := range pair {
			pair[i] = reflect.New(part.Type()).Elem()
			pair[i].Set(part)
			settle(pair[i])
		}
		own.SetMapIndex(pair[0], pair[1])
	}
	v.Set(own)
}

// asUTF8 writes U+FFFD for each byte that is not UTF-8, as encoding/json does.
func asUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
