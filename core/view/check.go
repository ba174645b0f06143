package view

import (
	"strings"

	"breakglass/core"
	"breakglass/core/safetext"
	"breakglass/core/words"
)

// Check tells a manager what a backup of a site would hold, as names and values.
func Check(lang string, r core.Preflight) Table {
	var p pairs
	p.add(label(lang, "kind"), cell(r.Kind))
	p.add(label(lang, "files"), Count(lang, r.Files))
	for _, d := range r.Databases {
		p.add(label(lang, "database"), strings.Join([]string{cell(d.Name), cell(d.Server), Size(lang, d.Bytes), words.Text(lang, "view.check.tables", map[string]any{"Count": int(d.Tables)})}, gap))
	}
	p.add(label(lang, "size"), Size(lang, r.Bytes))
	room := "view.check.fits"
	if !r.Fits() {
		room = "view.check.streams"
	}
	p.add(label(lang, "room"), words.Text(lang, room, map[string]any{"Free": Size(lang, r.Free)}))
	for _, note := range r.Notes {
		p.add(label(lang, "note"), safetext.Note(note))
	}
	return Table{Rows: p}
}

// CheckJSON is what a backup of a site would hold, for machines.
type CheckJSON struct {
	Kind      string              `json:"kind"`
	Files     int64               `json:"files"`
	Bytes     int64               `json:"bytes"`
	Databases []CheckDatabaseJSON `json:"databases"`
	Free      int64               `json:"free"`
	Fits      bool                `json:"fits"`
	Notes     []string            `json:"notes"`
}

// CheckDatabaseJSON is one database of a site, for machines.
type CheckDatabaseJSON struct {
	Name   string `json:"name"`
	Server string `json:"server"`
	Bytes  int64  `json:"bytes"`
	Tables int64  `json:"tables"`
}

// JSONCheck gives the JSON form of what a backup would hold.
func JSONCheck(r core.Preflight) CheckJSON {
	return CheckJSON{
		Kind: safetext.Line(r.Kind), Files: r.Files, Bytes: r.Bytes, Free: r.Free, Fits: r.Fits(), Notes: List(r.Notes, safetext.Note),
		Databases: List(r.Databases, func(d core.DatabaseReport) CheckDatabaseJSON {
			return CheckDatabaseJSON{Name: safetext.Line(d.Name), Server: safetext.Line(d.Server), Bytes: d.Bytes, Tables: d.Tables}
		}),
	}
}
