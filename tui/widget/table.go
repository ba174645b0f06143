package widget

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/rivo/uniseg"

	"breakglass/core/view"
)

// Column is one column of a [Table].
type Column struct {
	Head  string
	Width int  // columns that it takes
	Grow  bool // takes what is left over, beyond Width
	Rank  int  // in a narrow window the columns of the highest rank go first
}

// Rows is what a [Table] shows. The table asks for the rows that it draws and
// for no others, so there may be any number of them.
type Rows struct {
	Len int
	// Key names row i for as long as the thing it shows exists.
	Key func(i int) string
	// Cells are the texts of row i, one a column, safe to show.
	Cells func(i int) []string
	// Style is that of row i; nil: plain text for all.
	Style func(i int) lipgloss.Style
}

// Table is a list with a cursor. The selection stays on its item when the rows
// change. Only Update and the setters change it; a copy is a table of its own,
// but for the height that View last drew.
type Table struct {
	theme   Theme
	columns []Column
	rows    Rows
	at      int
	key     string
	follow  bool
	page    *int // rows that the last View had room for
}

// NewTable makes an empty table.
func NewTable(theme Theme, columns ...Column) Table {
	return Table{theme: theme, columns: columns, page: new(int)}
}

// Follow says whether the selection stays at the top, on whatever is newest, for
// as long as it is there.
func (t Table) Follow(newest bool) Table { t.follow = newest; return t }

// Last puts the cursor on the last row.
func (t Table) Last() Table { return t.move(t.rows.Len - 1) }

// SetRows replaces what is shown. The selection stays on the item it was on, or
// near where that was when it is gone.
func (t Table) SetRows(rows Rows) Table {
	t.rows = rows
	at := min(t.at, max(rows.Len-1, 0))
	if t.key != "" && (!t.follow || t.at > 0) {
		if i, ok := t.find(t.key, at); ok {
			at = i
		}
	}
	return t.move(at)
}

// find looks for a key, nearest to row at first: lists rarely change by much.
func (t Table) find(key string, at int) (int, bool) {
	for d := 0; at-d >= 0 || at+d < t.rows.Len; d++ {
		for _, i := range [2]int{at - d, at + d} {
			if i >= 0 && i < t.rows.Len && t.rows.Key(i) == key {
				return i, true
			}
		}
	}
	return 0, false
}

// move puts the cursor on a row, the nearest there is.
func (t Table) move(at int) Table {
	t.at, t.key = max(0, min(at, t.rows.Len-1)), ""
	if t.rows.Len > 0 {
		t.key = t.rows.Key(t.at)
	}
	return t
}

// Selected returns the row under the cursor; there is none in an empty table.
func (t Table) Selected() (i int, ok bool) { return t.at, t.rows.Len > 0 }

// Len returns the number of rows.
func (t Table) Len() int { return t.rows.Len }

// AtEnd reports whether the cursor is on the last row, or there is none.
func (t Table) AtEnd() bool { return t.at >= t.rows.Len-1 }

// Update moves the cursor, and reports whether the key was one of the table's.
func (t Table) Update(msg tea.KeyMsg) (Table, bool) {
	by := 0
	switch page := max(*t.page-1, 1); msg.String() {
	case "up", "k":
		by = -1
	case "down", "j":
		by = 1
	case "pgup":
		by = -page
	case "pgdown", " ":
		by = page
	case "home", "g":
		by = -t.rows.Len
	case "end", "G":
		by = t.rows.Len
	default:
		return t, false
	}
	return t.move(t.at + by), true
}

// View draws the heading and the rows around the cursor, at most height lines of
// at most width columns. The cursor's row stays in the middle while there are
// rows to show on both sides.
func (t Table) View(width, height int) string {
	room := max(height-1, 1)
	*t.page = room
	columns := t.fit(width)
	lines := []string{t.theme.Muted.Render(t.line("", columns, t.heads(columns), width))}
	top := max(0, min(t.at-room/2, t.rows.Len-room))
	for i := top; i < min(top+room, t.rows.Len); i++ {
		lines = append(lines, t.row(i, columns, width))
	}
	return strings.Join(lines, "\n")
}

// row draws one row, marked when the cursor is on it.
func (t Table) row(i int, columns []place, width int) string {
	all := t.rows.Cells(i)
	cells := make([]string, len(columns))
	for n, c := range columns {
		if c.index < len(all) {
			cells[n] = all[c.index]
		}
	}
	if i == t.at {
		return t.theme.Selected.Render(view.Pad(t.line(t.theme.Symbols.Cursor, columns, cells, width), width))
	}
	style := t.theme.Text
	if t.rows.Style != nil {
		style = t.rows.Style(i)
	}
	return style.Render(t.line("", columns, cells, width))
}

// line lays cells out behind a mark.
func (t Table) line(mark string, columns []place, cells []string, width int) string {
	var b strings.Builder
	b.WriteString(view.Pad(mark, markWidth))
	for n, c := range columns {
		if n > 0 {
			b.WriteString(columnGap)
		}
		b.WriteString(view.Pad(t.theme.Cut(t.theme.Line(cells[n]), c.width), c.width))
	}
	return t.theme.Cut(strings.TrimRight(b.String(), " "), width)
}

const (
	markWidth = 2 // the cursor's sign and a space
	columnGap = "  "
)

// place is a column that has room, and how wide it is drawn.
type place struct{ index, width int }

func (t Table) heads(columns []place) []string {
	heads := make([]string, len(columns))
	for n, c := range columns {
		heads[n] = t.columns[c.index].Head
	}
	return heads
}

// fit chooses the columns that a width has room for and gives what is left over
// to those that grow, or else to the last.
func (t Table) fit(width int) []place {
	rank := 0
	for _, c := range t.columns {
		rank = max(rank, c.Rank)
	}
	for ; rank > 0 && t.need(rank) > width; rank-- {
	}
	var places []place
	grow := -1
	for i, c := range t.columns {
		if c.Rank > rank {
			continue
		}
		if c.Grow {
			grow = len(places)
		}
		places = append(places, place{i, max(c.Width, uniseg.StringWidth(c.Head))})
	}
	if grow < 0 {
		grow = len(places) - 1
	}
	if left := width - t.need(rank); grow >= 0 {
		places[grow].width = max(places[grow].width+left, 1)
	}
	return places
}

// need returns the width of the columns up to a rank.
func (t Table) need(rank int) int {
	need, gaps := markWidth, 0
	for _, c := range t.columns {
		if c.Rank <= rank {
			need += max(c.Width, uniseg.StringWidth(c.Head)) + gaps
			gaps = len(columnGap)
		}
	}
	return need
}
