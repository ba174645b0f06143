package main

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

var updatePictures = flag.Bool("pictures", false, "write the pictures in docs anew, from the real screens")

// picture writes what a terminal shows as docs/NAME.svg, when asked to.
func picture(t *testing.T, s *terminal, name string) {
	t.Helper()
	if !*updatePictures {
		return
	}
	check(t, os.WriteFile(filepath.Join("docs", name+".svg"), []byte(drawSVG(s.colours())), 0o644)) //nolint:gosec // a picture
}

// The cells of a picture, in pixels.
const (
	cellWidth, cellHeight = 8.4, 18
	margin                = 16
)

var sgr = regexp.MustCompile("\x1b\\[([0-9;]*)m|\x1b\\([A-Z]|[\x0e\x0f]")

// pen is how the next letters look.
type pen struct {
	colour string
	bold   bool
	back   string
}

// drawSVG draws lines with SGR sequences (ECMA-48) as a picture.
func drawSVG(screen string) string {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	width := 0
	for _, line := range lines {
		width = max(width, uniseg.StringWidth(sgr.ReplaceAllString(line, "")))
	}
	var b strings.Builder
	w, h := float64(max(width, 80))*cellWidth+2*margin, float64(len(lines))*cellHeight+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="#16181d"/>`+"\n")
	now := pen{colour: "#d8dee9"}
	for row, line := range lines {
		drawLine(&b, line, row, &now)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// drawLine draws the runs of one line.
func drawLine(b *strings.Builder, line string, row int, now *pen) {
	column := 0
	run := func(text string) {
		if strings.TrimSpace(text) != "" || now.back != "" {
			x, y := margin+float64(column)*cellWidth, margin+float64(row)*cellHeight
			cells := uniseg.StringWidth(text)
			if now.back != "" {
				fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>`+"\n", x, y, float64(cells)*cellWidth, cellHeight, now.back)
			}
			weight := ""
			if now.bold {
				weight = ` font-weight="bold"`
			}
			fmt.Fprintf(b, `<text x="%.1f" y="%.1f" fill="%s"%s textLength="%.1f" xml:space="preserve">%s</text>`+"\n",
				x, y+13, now.colour, weight, float64(cells)*cellWidth, html.EscapeString(text))
		}
		column += uniseg.StringWidth(text)
	}
	at := 0
	for _, m := range sgr.FindAllStringSubmatchIndex(line, -1) {
		run(line[at:m[0]])
		if m[2] >= 0 {
			now.take(line[m[2]:m[3]])
		}
		at = m[1]
	}
	run(line[at:])
}

// take follows one SGR sequence.
func (p *pen) take(codes string) {
	numbers := strings.Split(codes, ";")
	for i := 0; i < len(numbers); i++ {
		n, _ := strconv.Atoi(numbers[i]) // an empty one is 0
		switch {
		case n == 0:
			*p = pen{colour: "#d8dee9"}
		case n == 1:
			p.bold = true
		case n == 7:
			p.colour, p.back = "#16181d", p.colour
		case n >= 30 && n <= 37:
			p.colour = colour256(n - 30)
		case n >= 90 && n <= 97:
			p.colour = colour256(n - 90 + 8)
		case n == 39:
			p.colour = "#d8dee9"
		case n >= 40 && n <= 47:
			p.back = colour256(n - 40)
		case n >= 100 && n <= 107:
			p.back = colour256(n - 100 + 8)
		case n == 49:
			p.back = ""
		case (n == 38 || n == 48) && i+2 < len(numbers) && numbers[i+1] == "5":
			c, _ := strconv.Atoi(numbers[i+2])
			if n == 38 {
				p.colour = colour256(c)
			} else {
				p.back = colour256(c)
			}
			i += 2
		}
	}
}

// colour256 is a colour of xterm's palette.
func colour256(n int) string {
	base := []string{
		"#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9",
		"#7b8496", "#ff8a94", "#b5e08f", "#ffd98a", "#8ac6ff", "#e39bf5", "#7fd6e0", "#ffffff",
	}
	switch {
	case n < 16:
		return base[n]
	case n < 232:
		n -= 16
		level := func(v int) int {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
	default:
		v := 8 + 10*(n-232)
		return fmt.Sprintf("#%02x%02x%02x", v, v, v)
	}
}
