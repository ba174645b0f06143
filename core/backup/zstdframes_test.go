package backup

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os/exec"
	"slices"
	"testing"

	"breakglass/core"

	"github.com/klauspost/compress/zstd"
)

// skippable is a frame that readers of zstd pass over.
func skippable(kind byte, content []byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, skippableFrame|uint32(kind))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(content))) //nolint:gosec // a few bytes
	return append(out, content...)
}

// packings are streams of zstd by whoever makes them.
func packings(t *testing.T) map[string][]byte {
	all := map[string][]byte{}
	one, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range streams() {
		all["ours: "+name] = packed(t, FormatZstd, data)
		all["single: "+name] = one.EncodeAll(data, nil)
		for _, arg := range []string{"-1", "-19", "--no-check"} {
			tool := exec.Command("zstd", "-q", "-c", arg)
			tool.Stdin = bytes.NewReader(data)
			if all[arg+": "+name], err = tool.Output(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// The watcher walks every stream from frame to frame and ends where the last one does,
// in whatever pieces it comes.
func TestFramesAreWalked(t *testing.T) {
	for name, file := range packings(t) {
		for _, size := range []int{1, 7, 1 << 20} {
			var f zstdFrames
			for piece := range slices.Chunk(file, size) {
				if err := f.watch(piece); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if f.at != frameMagic || f.skip != 0 || len(f.head) != 0 {
				t.Errorf("%s, by %d: it ends in part %d with %d bytes to skip", name, size, f.at, f.skip)
			}
		}
	}
}

// What every reader passes over can carry nothing, behind the archive's end or between
// two frames: no line of the manifest would be about it.
func TestSkippableFramesAreEmpty(t *testing.T) {
	first, second := packed(t, FormatZstd, []byte("first")), packed(t, FormatZstd, []byte("second"))
	for name, c := range map[string]struct {
		frame []byte
		bad   bool
	}{
		"something":           {skippable(0, []byte("payload")), true},
		"something at an end": {skippable(0, append(make([]byte, 1<<20), 1)), true},
		"another kind":        {skippable(7, nil), true},
		"nothing":             {skippable(0, nil), false},
		"zeros":               {skippable(0, make([]byte, 1000)), false},
	} {
		for place, file := range map[string][]byte{"behind": slices.Concat(first, second, c.frame), "between": slices.Concat(first, c.frame, second)} {
			r, err := inflateZstd(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if c.bad != errors.Is(err, core.ErrInvalid) || !c.bad && (err != nil || string(text) != "firstsecond") {
				t.Errorf("%s %s: %q, %v", name, place, text, err)
			}
		}
	}
}
