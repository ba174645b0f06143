package backup

import (
	"fmt"
	"slices"

	"breakglass/core/backup/pairsum"
)

// heldLine is a line of the manifest on its way there.
type heldLine struct {
	line any
	file *Entry       // the line, where its sum is still to come
	sum  *pairsum.Sum // that of the file
	done func()       // called when it is there; nil for nothing
}

// maxHeld is how many lines wait for the sum of a file: while others hash it, the
// archive goes on. Some hold the buffer of a small file, of which there are more.
const maxHeld = moreRooms - 4

// line adds a line to the manifest.
func (a *archive) line(v any) error { return a.hold(heldLine{line: v}) }

// entry adds the line of a file to the manifest once its sum is there, and then calls
// done.
func (a *archive) entry(e Entry, sum *pairsum.Sum, done func()) error {
	return a.hold(heldLine{file: &e, sum: sum, done: done})
}

// hold keeps the order of the lines, which is that of the archive.
func (a *archive) hold(l heldLine) error {
	a.held = append(a.held, l)
	return a.settle(maxHeld)
}

// settle writes lines until no more than so many are held.
func (a *archive) settle(most int) error {
	for len(a.held) > most {
		l := a.held[0]
		a.held = slices.Delete(a.held, 0, 1)
		if err := a.writeLine(l); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) writeLine(l heldLine) error {
	defer l.free()
	if l.file != nil {
		l.file.SHA256 = l.sum.Hex()
		l.line = *l.file
	}
	line, err := encodeLine(l.line)
	if err != nil {
		return err
	}
	if _, err := a.manifest.Write(line); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// free gives back what the line held.
func (l heldLine) free() {
	if l.done != nil {
		l.done()
	}
}

// dropLines gives back what lines hold that nobody will write.
func (a *archive) dropLines() {
	for _, l := range a.held {
		l.free()
	}
	a.held = nil
}
