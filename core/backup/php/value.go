package php

import "slices"

// ValueKind is what is known of a value of PHP.
type ValueKind int

// The kinds of values.
const (
	Nothing  ValueKind = iota // there is none
	Unknown                   // only the running site could tell
	Conflict                  // it is set to different values, depending on what the running site finds
	Scalar                    // a string, a number, a boolean
	Null
	Array
	Env // env('NAME', other): a variable of the environment
)

// Value is what an expression of PHP stands for, as far as that can be told
// without running it. The zero Value is none.
type Value struct {
	Kind  ValueKind
	Text  string // of a scalar; of Env: the variable's name
	Items []Item // of an array, in order; a later one of the same key counts
	Open  bool   // of an array: it holds something whose key is not known
	Other *Value // of Env: what stands in for it
	File  string // that it stands in, as the Reader was told
	Line  int
	Where int // of Conflict: the other line
}

// Item is an element of an array.
type Item struct {
	Key   string
	Value Value
}

// At goes down into arrays. What lies in a scalar, or is not there, is Nothing;
// what lies in a value that is not known is not known either.
func (v Value) At(keys ...string) Value {
	for _, key := range keys {
		if v.Kind != Array {
			if v.Kind == Scalar || v.Kind == Null {
				return Value{}
			}
			return v
		}
		i := v.index(key)
		switch {
		case i >= 0:
			v = v.Items[i].Value
		case v.Open:
			return Value{Kind: Unknown, File: v.File, Line: v.Line}
		default:
			return Value{}
		}
	}
	return v
}

func (v Value) index(key string) int {
	for i := len(v.Items) - 1; i >= 0; i-- {
		if v.Items[i].Key == key {
			return i
		}
	}
	return -1
}

// Keys returns the keys of an array, each once, in order.
func (v Value) Keys() (keys []string) {
	for _, item := range v.Items {
		if !slices.Contains(keys, item.Key) {
			keys = append(keys, item.Key)
		}
	}
	return keys
}

// Put returns the value with a part of it set, as $v['a']['b'] = … does. What is
// set only sometimes stands beside what was there before.
func (v Value) Put(keys []string, set Value, always bool) Value {
	if len(keys) == 0 {
		if always || v.Kind == Nothing {
			return set
		}
		return either(v, set)
	}
	if v.Kind == Unknown || v.Kind == Conflict {
		return v // a part of what is not known changes nothing
	}
	if v.Kind != Array {
		v = Value{Kind: Array, File: set.File, Line: set.Line}
	}
	v.Items = slices.Clone(v.Items)
	i := v.index(keys[0])
	if i < 0 {
		v.Items = append(v.Items, Item{Key: keys[0]})
		i = len(v.Items) - 1
	}
	v.Items[i].Value = v.Items[i].Value.Put(keys[1:], set, always)
	return v
}

// either is a value that may be the one or the other.
func either(a, b Value) Value {
	switch {
	case a.Kind == Scalar && b.Kind == Scalar && a.Text == b.Text, a.Kind == Null && b.Kind == Null:
		return a
	case a.Kind == Nothing:
		return b
	case b.Kind == Nothing, a.Kind == Unknown, a.Kind == Conflict:
		return a
	case b.Kind == Unknown, b.Kind == Conflict:
		return b
	case a.Kind == Array && b.Kind == Array:
		a.Items = slices.Clone(a.Items)
		for _, item := range b.Items {
			a = a.Put([]string{item.Key}, item.Value, false)
		}
		a.Open = a.Open || b.Open
		return a
	}
	return Value{Kind: Conflict, File: a.File, Line: a.Line, Where: b.Line}
}
