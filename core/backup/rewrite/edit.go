package rewrite

// edit puts text in the place of the bytes from at up to end.
type edit struct {
	at, end int
	text    []byte
}

// shift moves edits by n bytes.
func shift(edits []edit, n int) []edit {
	for i := range edits {
		edits[i].at += n
		edits[i].end += n
	}
	return edits
}

// growth is by how many bytes edits make a value longer.
func growth(edits []edit) int {
	n := 0
	for _, e := range edits {
		n += len(e.text) - (e.end - e.at)
	}
	return n
}

// apply returns a copy of v with edits made, which are in order and do not
// overlap.
func apply(v []byte, edits []edit) []byte {
	out := make([]byte, 0, len(v)+max(0, growth(edits)))
	at := 0
	for _, e := range edits {
		out = append(out, v[at:e.at]...)
		out = append(out, e.text...)
		at = e.end
	}
	return append(out, v[at:]...)
}
