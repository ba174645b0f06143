package core_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"breakglass/core"
	"breakglass/core/audit"
)

// lines returns the log from leaf number from on.
func (w *world) lines(from int64) []core.LogLine {
	w.t.Helper()
	var lines []core.LogLine
	w.view(func(tx core.Tx) error {
		lines = nil
		size, err := tx.Log().Size()
		for seq := from; seq < size && err == nil; seq++ {
			var data []byte
			if data, err = tx.Log().Leaf(seq); err != nil {
				return err
			}
			var leaf audit.Leaf
			leaf, err = audit.DecodeLeaf(data)
			lines = append(lines, core.LogLine{
				Seq: leaf.Seq, Time: leaf.Time, Actor: leaf.Actor, Event: core.Event(leaf.Verb), Site: leaf.Site,
				Request: leaf.Request, Grant: leaf.Grant, From: leaf.From, To: leaf.To, Result: leaf.Result, Data: leaf.Data,
			})
		}
		return err
	})
	return lines
}

func (w *world) size() (size int64) {
	w.view(func(tx core.Tx) (err error) {
		size, err = tx.Log().Size()
		return err
	})
	return size
}

// events lists what was logged since.
func (w *world) events(since int64) string {
	w.t.Helper()
	var names []string
	for _, l := range w.lines(since) {
		names = append(names, string(l.Event))
	}
	return strings.Join(names, " ")
}

func (w *world) count(event core.Event) int {
	w.t.Helper()
	n := 0
	for _, l := range w.lines(0) {
		if l.Event == event {
			n++
		}
	}
	return n
}

func (w *world) view(f func(core.Tx) error) {
	w.t.Helper()
	w.check(w.ledger.View(w.t.Context(), f))
}

// everything is all that the ledger holds, as text.
func (w *world) everything() string {
	w.t.Helper()
	var out strings.Builder
	w.view(func(tx core.Tx) error {
		out.Reset()
		err := errors.Join(
			dump(&out, tx.Sites()), dump(&out, tx.People()), dump(&out, tx.Requests()), dump(&out, tx.Grants()),
			dump(&out, tx.Jobs()), dump(&out, tx.Archives()), dump(&out, tx.Outbox()), dump(&out, tx.Sent()),
		)
		size, sizeErr := tx.Log().Size()
		fmt.Fprintln(&out, size)
		for seq := range size {
			leaf, leafErr := tx.Log().Leaf(seq)
			err = errors.Join(err, leafErr)
			fmt.Fprintf(&out, "%s\n", leaf)
		}
		return errors.Join(err, sizeErr)
	})
	return out.String()
}

func dump[T any](out *strings.Builder, table core.Table[T]) error {
	return table.Each("", func(v T) bool {
		data, err := json.Marshal(v)
		fmt.Fprintf(out, "%T %s %v\n", v, data, err)
		return true
	})
}
