package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"breakglass/core"
	"breakglass/core/safetext"
)

// The names inside an archive, below its one top folder.
const (
	manifestName  = "MANIFEST.jsonl"
	signatureName = "MANIFEST.jsonl.sig"
	readmeName    = "README.txt"
	takeoverName  = "TAKEOVER.txt"
	restoreName   = "restore.sh"
	confName      = "restore.conf"
	filesDir      = "files"
	outsideDir    = "outside"
	databaseDir   = "database"
)

// manifestFormat is the version of the manifest's form.
const manifestFormat = 1

// The kinds of lines of a manifest, as the field "line" names them.
const (
	lineHeader   = "header"
	lineFile     = "file"
	lineDir      = "dir"
	lineLink     = "link"
	lineDatabase = "database"
	lineTable    = "table"
	lineOmitted  = "omitted"
	lineEnd      = "end"
)

// Header is the first line of a manifest.
type Header struct {
	Line    string    `json:"line"`
	Format  int       `json:"format"`
	Name    string    `json:"name"` // of the archive and of its top folder
	Site    string    `json:"site"`
	Host    string    `json:"host"`
	Grant   string    `json:"grant,omitempty"`
	Created time.Time `json:"created"`
	Root    string    `json:"root"`
	Kind    string    `json:"kind"` // "WordPress 6.6"
	// Included are the paths outside of Root that the manager included. Each
	// stands below outside/ by its own name.
	Included []string `json:"included,omitempty"`
	Version  string   `json:"version"`
}

// Entry is the line of a file, a directory or a link. Entries stand in the
// order in which the archive holds them; every entry of the archive but the
// manifest and its signature has one.
type Entry struct {
	Line      string    `json:"line"`
	Path      string    `json:"path"`               // below the top folder
	PathB64   string    `json:"path_b64,omitempty"` // the exact bytes, where they are no UTF-8
	Size      int64     `json:"size"`
	Mode      string    `json:"mode"` // octal
	MTime     time.Time `json:"mtime"`
	SHA256    string    `json:"sha256,omitempty"`
	Target    string    `json:"target,omitempty"` // of a link
	TargetB64 string    `json:"target_b64,omitempty"`
	Note      string    `json:"note,omitempty"`
}

// Database is the line of a database; the lines of its tables follow it.
type Database struct {
	Line    string `json:"line"`
	Name    string `json:"name"`
	Path    string `json:"path"`             // the folder of its parts, or the SQLite file
	Server  string `json:"server"`           // "MariaDB 10.11.6", "SQLite 3.46.0"
	Tool    string `json:"tool,omitempty"`   // what dumped it
	Charset string `json:"charset"`          // of the dump
	Prefix  string `json:"prefix,omitempty"` // of the site's tables
	Parts   int    `json:"parts,omitempty"`
	Bytes   int64  `json:"bytes"`
	// Incomplete says why the database is missing, or its dump is not whole;
	// "" means that it is. Path is "" where nothing of it is in the archive.
	Incomplete string `json:"incomplete,omitempty"`
	Cause      string `json:"cause,omitempty"` // what a tool or server said, for whoever helps
}

// Table is the line of a database's table.
type Table struct {
	Line     string `json:"line"`
	Database string `json:"database"`
	Name     string `json:"name"`
	Rows     int64  `json:"rows"`
	Note     string `json:"note,omitempty"`
}

// Omitted is the line of what was left out.
type Omitted struct {
	Line    string `json:"line"`
	Path    string `json:"path"`
	PathB64 string `json:"path_b64,omitempty"`
	Why     string `json:"why"`
}

// End is the last line of a manifest.
type End struct {
	Line    string            `json:"line"`
	Verdict core.Verdict      `json:"verdict"`
	Notes   []string          `json:"notes,omitempty"`
	LeftOut []Omitted         `json:"left_out,omitempty"` // the first ones; each has a line of its own
	Omitted int64             `json:"omitted"`            // how many were left out
	Files   int64             `json:"files"`
	Tables  int64             `json:"tables"`
	Rows    int64             `json:"rows"`
	Bytes   int64             `json:"bytes"` // read
	Charset string            `json:"charset"`
	Tools   map[string]string `json:"versions"` // what took part, by name
	Ended   time.Time         `json:"ended"`
}

// setPath keeps the exact bytes of a path, which JSON cannot where they are no
// UTF-8.
func setPath(path string) (shown, exact string) {
	if utf8.ValidString(path) {
		return path, ""
	}
	return safetext.Path(path), base64.StdEncoding.EncodeToString([]byte(path))
}

// exactPath is the reverse of setPath.
func exactPath(shown, exact string) (string, error) {
	if exact == "" {
		return shown, nil
	}
	path, err := base64.StdEncoding.DecodeString(exact)
	if err != nil {
		return "", fmt.Errorf("path_b64: %w", err)
	}
	return string(path), nil
}

// ExactPath returns the path byte for byte.
func (e Entry) ExactPath() (string, error) { return exactPath(e.Path, e.PathB64) }

// ExactTarget returns the target of a link byte for byte.
func (e Entry) ExactTarget() (string, error) { return exactPath(e.Target, e.TargetB64) }

// encodeLine returns v as one line of JSON with its line break.
func encodeLine(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("write manifest line: %w", err)
	}
	return out.Bytes(), nil
}
