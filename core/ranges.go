package core

import "slices"

// maxRanges bounds what is kept of one archive: clients read nearly in order, and
// one that reads every other byte must not fill the memory.
const maxRanges = 4096

// addRange adds r to ranges, which are sorted and do not touch, and keeps them
// so. Empty and negative ranges add nothing, nor does one that would be the
// (maxRanges+1)th apart: then less counts as sent than was.
func addRange(ranges []Range, r Range) []Range {
	if r.From < 0 || r.To <= r.From {
		return ranges
	}
	first := 0
	for first < len(ranges) && ranges[first].To < r.From {
		first++
	}
	last := first
	for last < len(ranges) && ranges[last].From <= r.To {
		r.From, r.To = min(r.From, ranges[last].From), max(r.To, ranges[last].To)
		last++
	}
	if first == last && len(ranges) >= maxRanges {
		return ranges
	}
	return slices.Concat(ranges[:first:first], []Range{r}, ranges[last:])
}

// covered sums the bytes of ranges.
func covered(ranges []Range) int64 {
	var sum int64
	for _, r := range ranges {
		sum += r.To - r.From
	}
	return sum
}
