package store

import (
	"encoding"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"regexp"
	"testing"
	"time"

	"breakglass/core"
)

// checkSettled compares what encode returns with what a record of random parts
// is after encoding/json wrote and read it.
func checkSettled[T core.Record](t *testing.T) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // a test wants the same numbers again
	for range 200 {
		var v T
		randomize(t, r, reflect.ValueOf(&v).Elem())
		before, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decode[T](before)
		if err != nil {
			t.Fatal(err)
		}
		kept, data, err := encode(v)
		if err != nil || !reflect.DeepEqual(kept, want) {
			t.Fatalf("kept %+v, %v; want %+v", kept, err, want)
		}
		if read, err := decode[T](data); err != nil || !reflect.DeepEqual(read, want) {
			t.Fatalf("read %+v, %v; want %+v", read, err, want)
		}
		scribble(reflect.ValueOf(&kept).Elem())
		if after, err := json.Marshal(v); err != nil || string(after) != string(before) {
			t.Fatalf("a change of what Put returned changed %s to %s, %v", before, after, err)
		}
	}
}

// knownTag is what settle knows of tags: a name, and that nothing is left out.
var knownTag = regexp.MustCompile(`^(json:"[a-z]+(,omitempty)?")?$`)

// randomize fills v. It fails on what settle would not treat as encoding/json
// does: fields with other tags or not exported, and types that write themselves.
func randomize(t *testing.T, r *rand.Rand, v reflect.Value) {
	t.Helper()
	if v.Type() == typeTime {
		if r.IntN(4) > 0 {
			v.Set(reflect.ValueOf(time.Now().UTC().Add(time.Duration(r.Int64N(1e18)))))
		}
		return
	}
	if _, own := v.Addr().Interface().(encoding.TextMarshaler); own {
		t.Fatalf("%s writes itself", v.Type())
	}
	if _, own := v.Addr().Interface().(json.Marshaler); own {
		t.Fatalf("%s writes itself", v.Type())
	}
	some := r.IntN(4) // 0: none at all, 1: none of them
	switch v.Kind() {
	case reflect.String:
		v.SetString([]string{"", "x", "\u00e9 <&> \u2028", "a\xff\xfeb", "\xe2\x82"}[r.IntN(5)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64() - r.Int64())
	case reflect.Uint8:
		v.SetUint(r.Uint64N(256))
	case reflect.Uint64:
		v.SetUint(r.Uint64())
	case reflect.Float64:
		v.SetFloat(r.NormFloat64())
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); !f.IsExported() || !knownTag.MatchString(string(f.Tag)) {
				t.Fatalf("%s has the field %s, which settle does not know: %s", v.Type(), f.Name, f.Tag)
			}
			randomize(t, r, v.Field(i))
		}
	case reflect.Slice:
		if some > 0 {
			v.Set(reflect.MakeSlice(v.Type(), some-1, some+3))
			for i := range v.Len() {
				randomize(t, r, v.Index(i))
			}
		}
	case reflect.Map:
		if some > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range some - 1 {
				value := reflect.New(v.Type().Elem()).Elem()
				randomize(t, r, value)
				key := reflect.New(v.Type().Key()).Elem()
				key.SetString([]string{"", "a", "b", "\xff"}[r.IntN(4)])
				v.SetMapIndex(key, value)
			}
		}
	default:
		t.Fatalf("settle knows nothing of a %s", v.Kind())
	}
}

// scribble changes all that v shares with others, if it does.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				scribble(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			scribble(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			scribble(v.MapIndex(key))
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	}
}
