package coretest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"breakglass/core"
)

// Script is what an [Engine] does.
type Script struct {
	// Data is the archive that a run writes, in ten writes at most.
	Data []byte
	// Hold, where it is set, makes a run wait after half of Data until the
	// channel is closed or its context ends.
	Hold <-chan struct{}
	// Err ends a run after half of Data (and Hold). It should wrap what
	// core.Engine promises.
	Err error
	// Result is what a run returns; Verdict (if empty), Bytes, Written and
	// SHA256 are filled in.
	Result core.BackupResult
	// Report is what Inspect finds; Root is filled in. InspectErr ends it.
	Report     core.SiteReport
	InspectErr error
	// RootErr ends CheckRoot, which else takes every root as it is.
	RootErr error
	// Signer is the archive key's fingerprint; empty: no key.
	Signer string
}

// Engine is a core.Engine that follows a script. It is safe for concurrent use.
type Engine struct {
	mu     sync.Mutex // held for a few instructions only
	script Script
	orders []core.BackupOrder
}

// NewEngine returns an Engine that follows s.
func NewEngine(s Script) *Engine { return &Engine{script: s} }

// Follow gives calls from now on another script.
func (e *Engine) Follow(s Script) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.script = s
}

// Orders returns the orders of all runs so far.
func (e *Engine) Orders() []core.BackupOrder {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.orders)
}

func (e *Engine) current() Script {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.script
}

// CheckRoot implements core.Engine.
func (e *Engine) CheckRoot(ctx context.Context, root string) (string, error) {
	if err := e.current().RootErr; err != nil {
		return "", err
	}
	return root, ctx.Err()
}

// CheckInclude implements core.Engine as CheckRoot does.
func (e *Engine) CheckInclude(ctx context.Context, path string) (string, error) {
	return e.CheckRoot(ctx, path)
}

// CheckDatabase implements core.Engine and refuses what has a colon in its user
// and password.
func (e *Engine) CheckDatabase(url string) (string, error) {
	_, rest, ok := strings.Cut(url, "://")
	if user, _, with := strings.Cut(rest, "@"); !ok || with && strings.Contains(user, ":") {
		return "", core.Refuse(core.ErrInvalid, "That is no URL of a database without a password.")
	}
	return url, nil
}

// Inspect implements core.Engine.
func (e *Engine) Inspect(ctx context.Context, spec core.SiteSpec) (core.SiteReport, error) {
	s := e.current()
	if s.InspectErr != nil {
		return core.SiteReport{}, s.InspectErr
	}
	s.Report.Root = spec.Root
	return s.Report, ctx.Err()
}

// Run implements core.Engine. It reports once before the first write and once
// after each.
func (e *Engine) Run(ctx context.Context, order core.BackupOrder, w io.Writer, report func(core.Progress)) (core.BackupResult, error) {
	e.mu.Lock()
	e.orders = append(e.orders, order)
	s := e.script
	e.mu.Unlock()
	run := &run{script: s, w: w, report: report}
	half := len(s.Data) / 2
	if err := run.write(ctx, s.Data[:half]); err != nil {
		return core.BackupResult{}, err
	}
	if err := run.hold(ctx); err != nil {
		return core.BackupResult{}, err
	}
	if s.Err != nil {
		return core.BackupResult{}, s.Err
	}
	if err := run.write(ctx, s.Data[half:]); err != nil {
		return core.BackupResult{}, err
	}
	return s.result(), nil
}

func (s Script) result() core.BackupResult {
	result, sum := s.Result, sha256.Sum256(s.Data)
	if result.Verdict == "" {
		result.Verdict = core.VerdictComplete
	}
	result.Bytes, result.Written = int64(len(s.Data)), int64(len(s.Data))
	result.SHA256, result.Signer = hex.EncodeToString(sum[:]), s.Signer
	return result
}

// Extension implements core.Engine.
func (e *Engine) Extension() string { return ".tar.gz" }

// Signer implements core.Engine.
func (e *Engine) Signer() string { return e.current().Signer }

// Sign implements core.Engine. What it returns depends on the message alone.
func (e *Engine) Sign(message []byte) ([]byte, error) {
	signer := e.Signer()
	if signer == "" {
		return nil, fmt.Errorf("sign: no archive key: %w", core.ErrState)
	}
	sum := sha256.Sum256(append([]byte(signer), message...))
	return []byte(hex.EncodeToString(sum[:])), nil
}

// run is one run of an Engine.
type run struct {
	script Script
	w      io.Writer
	report func(core.Progress)
	done   int
}

func (r *run) write(ctx context.Context, data []byte) error {
	r.tell()
	for chunk := range slices.Chunk(data, max(1, (len(r.script.Data)+9)/10)) {
		if ctx.Err() != nil {
			return cancelled(ctx)
		}
		n, err := r.w.Write(chunk)
		r.done += n
		if err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
		r.tell()
	}
	return nil
}

func (r *run) hold(ctx context.Context) error {
	if r.script.Hold == nil {
		return nil
	}
	select {
	case <-r.script.Hold:
		return nil
	case <-ctx.Done():
		return cancelled(ctx)
	}
}

func (r *run) tell() {
	done, total := int64(r.done), int64(len(r.script.Data))
	r.report(core.Progress{
		Steps:     []core.Step{{Name: core.StepDetect, State: core.StepDone}, {Name: core.StepFiles, State: core.StepRunning}},
		BytesDone: done, BytesTotal: total, TotalKnown: true, Written: done, Current: "index.html", ETA: -1,
	})
}

func cancelled(ctx context.Context) error {
	return fmt.Errorf("back up: %w: %w", core.ErrCancelled, context.Cause(ctx))
}
