package core

import "time"

// Verdict says in plain words how complete a backup is.
type Verdict string

// The three verdicts.
const (
	VerdictComplete    Verdict = "COMPLETE"
	VerdictNotes       Verdict = "COMPLETE WITH NOTES"
	VerdictNotComplete Verdict = "NOT COMPLETE"
)

// StepState says how far a step of a backup is.
type StepState string

// The states of a step.
const (
	StepWaiting StepState = "waiting"
	StepRunning StepState = "running"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
)

// The steps of a backup by name; the words for them are in the catalogue.
const (
	StepDetect   = "detect"
	StepDatabase = "database"
	StepFiles    = "files"
	StepManifest = "manifest"
	StepSeal     = "seal"
)

// Step is one ticked line of the progress screen.
type Step struct {
	Name  string
	State StepState
}

// Progress is a snapshot of a running backup. Sizes are in bytes.
type Progress struct {
	Steps      []Step
	FilesDone  int64
	FilesTotal int64
	BytesDone  int64 // read from the site: files and dump
	BytesTotal int64
	TotalKnown bool  // until the scan is done the totals still grow
	Written    int64 // of the archive
	Tables     int64
	Rows       int64
	Current    string  // the file or table at hand, made safe
	Rate       float64 // bytes a second, smoothed; 0 while unknown
	Elapsed    time.Duration
	ETA        time.Duration // negative while unknown
	Notes      []string
	Done       bool
	Verdict    Verdict
	Problem    string // set when it failed: what happened, what to do
}
