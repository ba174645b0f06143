package rewrite

// keys are those of one array or object.
type keys struct {
	parser  *parser
	all     [][2]int // where the text of each stands that is text
	changed []changedKey
}

// changedKey is a key that holds something to replace.
type changedKey struct {
	key       int    // in keys.all
	from, end int    // its edits, in parser.edits
	text      string // what it becomes
	counts    Counts // what was counted for it
}

// read reads the key at i, which is a number or text, and returns where it ends.
func (k *keys) read(i int) (end int, ok bool) {
	p := k.parser
	switch {
	case p.at(i, 'i'):
		return p.scalar(i, "+-0123456789")
	case p.at(i, 'S'):
		return p.escaped(i)
	case !p.at(i, 's'):
		return 0, false
	case p.dry:
		return p.str(i)
	}
	text, _, ok := p.quoted(i)
	if !ok {
		return 0, false
	}
	before, from := p.scan.counts, len(p.edits)
	p.scan.counts = Counts{}
	end, ok = p.str(i)
	counts := p.scan.counts
	p.scan.counts = before
	p.scan.counts.Add(counts)
	if ok && len(p.edits) > from {
		inner := make([]edit, 0, len(p.edits)-from-1)
		for _, e := range p.edits[from+1:] {
			inner = append(inner, edit{e.at - text[0], e.end - text[0], e.text})
		}
		k.changed = append(k.changed, changedKey{
			key: len(k.all), from: from, end: len(p.edits), counts: counts,
			text: string(apply(p.b[text[0]:text[1]], inner)),
		})
	}
	k.all = append(k.all, text)
	return end, ok
}

// settle takes the edits of all keys back where two keys would become one.
func (k *keys) settle() {
	if len(k.changed) == 0 || !k.collide() {
		return
	}
	p := k.parser
	p.scan.counts.Keys++
	kept := p.edits[:k.changed[0].from]
	for i, c := range k.changed {
		next := len(p.edits)
		if i+1 < len(k.changed) {
			next = k.changed[i+1].from
		}
		kept = append(kept, p.edits[c.end:next]...)
		p.scan.counts.subtract(c.counts)
	}
	p.edits = kept
}

// collide reports whether two keys would become one. Two that are one already
// do not matter: PHP knows the last of them only.
func (k *keys) collide() bool {
	before, after := make(map[string]bool, len(k.all)), make(map[string]bool, len(k.all))
	changed := 0
	for i, text := range k.all {
		key := string(k.parser.b[text[0]:text[1]])
		before[key] = true
		if changed < len(k.changed) && k.changed[changed].key == i {
			key = k.changed[changed].text
			changed++
		}
		after[key] = true
	}
	return len(after) < len(before)
}
