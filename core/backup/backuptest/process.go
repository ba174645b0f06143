package backuptest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a database server that runs.
type process struct {
	// Dir holds its data and its log.
	Dir string

	cmd    *exec.Cmd
	exited chan error
}

// The times that a server may take.
const (
	startTime = 60 * time.Second
	stopTime  = 20 * time.Second
)

// start starts a server and waits until it answers to ask.
func (p *process) start(cmd *exec.Cmd, ask func() error) error {
	own := syscall.SysProcAttr{}
	if cmd.SysProcAttr != nil {
		own = *cmd.SysProcAttr
	}
	own.Setpgid, own.Pdeathsig = true, syscall.SIGKILL // a test that is killed leaves no server
	cmd.SysProcAttr = &own
	p.cmd, p.exited = cmd, make(chan error, 1)
	started := make(chan error)
	go func(exited chan<- error) {
		// The server dies with the thread that started it, so that stays.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			exited <- cmd.Wait()
		}
	}(p.exited)
	if err := <-started; err != nil {
		return err
	}
	if err := p.answers(ask); err != nil {
		return errors.Join(err, p.Kill())
	}
	return nil
}

// answers waits until a server that was started answers, and says what its log
// says if it ended instead.
func (p *process) answers(ask func() error) error {
	deadline := time.Now().Add(startTime)
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case exit := <-p.exited:
			p.exited <- exit
			log, _ := os.ReadFile(filepath.Join(p.Dir, "log")) //nolint:errcheck // it only explains
			return fmt.Errorf("it ended: %w: %s", exit, log)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// stop asks the server by a signal to end, and removes its data.
func (p *process) stop(by syscall.Signal) error {
	err := p.cmd.Process.Signal(by)
	select {
	case exit := <-p.exited:
		p.exited <- exit
	case <-time.After(stopTime):
		err = errors.Join(err, fmt.Errorf("%s did not stop", filepath.Base(p.cmd.Path)), p.Kill())
	}
	return errors.Join(err, os.RemoveAll(p.Dir))
}

// Kill ends the server at once, as a crash would. Its data stays.
func (p *process) Kill() error {
	err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.exited <- <-p.exited
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
