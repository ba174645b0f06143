package backup

import (
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
)

// Format is how archives are packed. Its value ends their names.
type Format string

// The formats. A tar.gz opens on any machine without a further program; a
// tar.zst is smaller.
const (
	FormatGzip Format = "tar.gz"
	FormatZstd Format = "tar.zst"
)

// ParseFormat reads a format as people write it; empty is the default, tar.gz.
// Its error is a core.Refusal of kind core.ErrInvalid.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case "":
		return FormatGzip, nil
	case FormatGzip, FormatZstd:
		return f, nil
	default:
		return "", core.Refuse(core.ErrInvalid, "“%s” is no format of archives; choose tar.gz or tar.zst.", safetext.Line(s))
	}
}

// FormatOf is the format that a file's name asks for, FormatGzip where it asks
// for none.
func FormatOf(name string) Format {
	if strings.HasSuffix(strings.ToLower(name), ".zst") {
		return FormatZstd
	}
	return FormatGzip
}

// Unpack is the command that unpacks a file of the format.
func (f Format) Unpack() string {
	if f == FormatZstd {
		return "tar --zstd -xf"
	}
	return "tar -xzf"
}

// newCodec returns a packer of blocks. Each is for one goroutine.
func (f Format) newCodec() (codec, error) {
	if f == FormatZstd {
		return newZstdCodec()
	}
	return newGzipCodec()
}
