package rewrite

// WithRoom returns a copy of w that looks at n bytes of a dump at a time, so
// that a test can put a border anywhere.
func WithRoom(w *Rewriter, n int) *Rewriter {
	c := *w
	c.room = n
	return &c
}
