package view

import (
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/words"
)

// Progress says in one line how far a backup is: "42 %, 1.6 GB of 3.9 GB,
// 21 MB/s, about 1 min 48 s left". What is not known yet is not said.
func Progress(lang string, p core.Progress) string {
	data := map[string]any{"Done": Size(lang, p.BytesDone), "Total": Size(lang, p.BytesTotal), "Left": Left(lang, p.ETA), "Percent": Percent(p)}
	id := "view.progress.counting"
	switch {
	case p.TotalKnown && p.BytesTotal > 0:
		id = "view.progress.percent"
	case p.TotalKnown:
		id = "view.progress.of"
	}
	parts := []string{words.Text(lang, id, data)}
	if p.Rate > 0 {
		parts = append(parts, Rate(lang, p.Rate))
	}
	if p.TotalKnown && p.ETA >= time.Second && p.BytesTotal > 0 {
		parts = append(parts, words.Text(lang, "view.progress.left", data))
	}
	return strings.Join(parts, ", ")
}

// Percent is how much of a backup is done, -1 while that is unknown.
func Percent(p core.Progress) int {
	if !p.TotalKnown || p.BytesTotal <= 0 {
		return -1
	}
	return int(min(100, p.BytesDone*100/p.BytesTotal))
}

// Running names the step of a backup that is at work, the first where there are
// several; "" when none is.
func Running(p core.Progress) string {
	for _, step := range p.Steps {
		if step.State == core.StepRunning {
			return step.Name
		}
	}
	return ""
}

// ProgressJSON is how far a backup is, for machines. Until the count of what
// there is has ended, the totals grow, and percent and eta_seconds are not there.
type ProgressJSON struct {
	Step           string `json:"step"`
	Percent        *int   `json:"percent,omitempty"`
	BytesDone      int64  `json:"bytes_done"`
	BytesTotal     int64  `json:"bytes_total"`
	TotalKnown     bool   `json:"total_known"`
	FilesDone      int64  `json:"files_done"`
	FilesTotal     int64  `json:"files_total"`
	Tables         int64  `json:"tables"`
	Rows           int64  `json:"rows"`
	Written        int64  `json:"written"`
	BytesPerSecond int64  `json:"bytes_per_second"`
	ElapsedSeconds int64  `json:"elapsed_seconds"`
	ETASeconds     *int64 `json:"eta_seconds,omitempty"`
}

// JSONProgress gives the JSON form of a backup's progress.
func JSONProgress(p core.Progress) ProgressJSON {
	form := ProgressJSON{
		Step: cell(Running(p)), BytesDone: p.BytesDone, BytesTotal: p.BytesTotal, TotalKnown: p.TotalKnown,
		FilesDone: p.FilesDone, FilesTotal: p.FilesTotal, Tables: p.Tables, Rows: p.Rows, Written: p.Written,
		BytesPerSecond: int64(p.Rate), ElapsedSeconds: seconds(p.Elapsed),
	}
	if percent := Percent(p); percent >= 0 {
		form.Percent = &percent
	}
	if p.TotalKnown && p.ETA >= 0 {
		left := int64((p.ETA + time.Second - 1) / time.Second)
		form.ETASeconds = &left
	}
	return form
}
