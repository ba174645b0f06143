package restore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"breakglass/core"
	"breakglass/core/backup"
	"breakglass/core/backup/rewrite"
	"breakglass/core/safetext"

	"golang.org/x/sys/unix"
)

// Step is how far a restore has come. Each is written down before it begins.
type Step string

// The steps.
const (
	StepUnpack   Step = "unpack"   // nothing is in place yet
	StepPlaced   Step = "placed"   // the files take their place, the database is untouched
	StepLoad     Step = "load"     // the dump is going into the database
	StepValues   Step = "values"   // addresses in SQLite databases are being rewritten
	StepRepoint  Step = "repoint"  // the configuration is being pointed at the new database
	StepCheck    Step = "check"    // all is done, and looked at
	StepFinished Step = "finished" // nothing is left to do
)

// state is what a restore leaves beside the target, so that the same command
// again goes on where it broke off.
type state struct {
	Format  int       `json:"format"`
	File    string    `json:"file"` // as it was given
	Size    int64     `json:"size"`
	Target  string    `json:"target"`
	URL     string    `json:"url"` // the new one; "" unchanged
	Step    Step      `json:"step"`
	Started time.Time `json:"started"`
	// Contents are what the archive holds, once it has been proved.
	Contents backup.Contents `json:"contents"`

	Links  settledLinks    `json:"links"`
	Loads  []*load         `json:"loads"` // what goes into which database
	Values *rewrite.Report `json:"values,omitempty"`
	// Rewritten are the SQLite databases whose addresses are done.
	Rewritten []string `json:"rewritten,omitempty"`
	// Ready are files of the site, as paths below the target, whose changed content
	// is about to take their place: see swap.
	Ready []string `json:"ready,omitempty"`

	URLs    []rewrite.Pair `json:"urls,omitempty"`    // old and new
	Configs []config       `json:"configs,omitempty"` // of the site
	Settled []string       `json:"settled,omitempty"` // files of theirs that have the new addresses
	Pointed []string       `json:"pointed,omitempty"` // in the configuration
	Hand    []string       `json:"hand,omitempty"`    // what is left to a person
	Checks  []Check        `json:"checks,omitempty"`
}

// settledLinks is what a report says of links.
type settledLinks struct {
	Turned int64    `json:"turned"`
	Outs   int64    `json:"outs"`
	Out    []string `json:"out,omitempty"`
	Bits   int      `json:"bits"`
}

const (
	stateName   = "state.json"
	freshState  = stateName + ".new" // that is being written
	stateFormat = 2
)

// lockBeside makes the directory beside the target ours, and nobody else's
// meanwhile. What an earlier restore left there is returned; nil: nothing.
func lockBeside(p place) (_ *os.File, earlier *state, err error) {
	shown := safetext.Line(safetext.Path(p.beside))
	err = os.Mkdir(p.beside, 0o700)
	fresh := err == nil
	switch {
	case errors.Is(err, fs.ErrExist):
		if info, err := os.Lstat(p.beside); err != nil || !info.IsDir() {
			return nil, nil, core.Refuse(core.ErrExists, "%s is in the way: a restore keeps its state there. Move it away and start again.", shown)
		}
	case err != nil:
		return nil, nil, &core.Refusal{
			Kind: core.ErrDenied, Cause: err,
			Detail: fmt.Sprintf("%s cannot be made, which a restore needs for its work: check who may write in %s.", shown, safetext.Line(safetext.Path(filepath.Dir(p.beside)))),
		}
	}
	dir, err := os.Open(p.beside)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", shown, err)
	}
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, nil, errors.Join(core.Refuse(core.ErrBusy, "Another restore to %s is running.", safetext.Line(safetext.Path(p.target))), dir.Close())
	}
	if fresh {
		return dir, nil, nil
	}
	text, err := os.ReadFile(filepath.Join(p.beside, stateName))
	if errors.Is(err, fs.ErrNotExist) && bare(p.beside) {
		return dir, nil, nil
	}
	earlier = &state{}
	if err == nil {
		err = json.Unmarshal(text, earlier)
	}
	if err != nil || earlier.Format != stateFormat || earlier.Target != p.target {
		return nil, nil, errors.Join(core.Refuse(core.ErrExists, "%s is in the way: a restore keeps its state there, and that is none of a restore to %s. Move it away and start again.",
			shown, safetext.Line(safetext.Path(p.target))), dir.Close())
	}
	return dir, earlier, nil
}

// bare reports whether there is nothing in a directory but what a restore leaves that
// is stopped before it keeps its first state.
func bare(dir string) bool {
	names, err := firstNames(dir)
	return err == nil && (len(names) == 0 || len(names) == 1 && names[0] == freshState)
}

// keep writes the state down, so that it survives a crash. Whoever keeps it holds the
// lock.
func (s *state) keep(p place) (err error) {
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return fmt.Errorf("keep state: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(p.beside, freshState), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keep state: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = errors.Join(os.Rename(f.Name(), filepath.Join(p.beside, stateName)), syncDir(p.beside))
	}
	if err != nil {
		return fmt.Errorf("keep state: %w", err)
	}
	return nil
}

// rename moves a directory to a place that is empty or not there. The kernel
// refuses any other, so nothing that came there meanwhile is lost.
func rename(from, to string) error {
	err := unix.Rename(from, to)
	shown := safetext.Line(safetext.Path(to))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EEXIST), errors.Is(err, unix.ENOTDIR):
		return &core.Refusal{Kind: core.ErrExists, Cause: err, Detail: fmt.Sprintf("Something was put into %s meanwhile, so it was left alone; empty it and start again.", shown)}
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EXDEV):
		return &core.Refusal{Kind: core.ErrInvalid, Cause: err, Detail: fmt.Sprintf("%s is a disk of its own, whose top cannot be replaced; give a directory on it.", shown)}
	}
	return fmt.Errorf("place files in %s: %w", shown, err)
}
