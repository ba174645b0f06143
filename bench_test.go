package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// benchDir is kept between runs, as its site takes a minute to make; git
// ignores it.
const benchDir = ".bench"

// rounds is how often each contender runs, after one round that is thrown away.
const rounds = 3

// contender is one way to back the bench's site up.
type contender struct {
	name    string
	prepare func() error     // not timed; may be nil
	command func() *exec.Cmd // timed until it has ended
	result  func() string    // the path of what it made
	took    []time.Duration  // a round each
	cpu     []time.Duration  // of the command and its children, not of MariaDB
	peak    int64            // bytes that the process itself had in memory at most
	size    int64            // of the result
}

// run times one round. All that lies at reads is in the machine's memory before:
// borg tells the kernel to forget what it read, and whoever came next would pay
// for that.
func (c *contender) run(reads string) error {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return fmt.Errorf("prepare %s: %w", c.name, err)
		}
	}
	warm := exec.Command("sh", "-c", `find "$0" -type f -exec cat {} + >/dev/null; sync`, reads) // nobody pays for what others wrote, either
	if out, err := warm.CombinedOutput(); err != nil {
		return fmt.Errorf("read %s: %w: %s", reads, err, out)
	}
	cmd := c.command()
	var said strings.Builder
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	high := make(chan int64)
	go func() { high <- watchMemory(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	took := time.Since(start)
	close(done)
	c.peak = max(c.peak, <-high)
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, said.String())
	}
	c.took = append(c.took, took)
	c.cpu = append(c.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	c.size, err = sizeOf(c.result())
	fmt.Fprintf(os.Stderr, "%-32s %7.2fs %7.2fs cpu\n", c.name, took.Seconds(), c.cpu[len(c.cpu)-1].Seconds())
	return err
}

// watchMemory returns the highest resident size that the kernel has seen of a
// process. What wait4 returns will not do: it counts what the parent had.
func watchMemory(pid int, done <-chan struct{}) (highest int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, after, ok := strings.Cut(string(status), "VmHWM:"); err == nil && ok {
			if kib, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64); err == nil {
				highest = max(highest, kib<<10)
			}
		}
		select {
		case <-done:
			return highest
		case <-tick.C:
		}
	}
}

// sizeOf is the size of a file, or of all files below a directory.
func sizeOf(path string) (size int64, err error) {
	err = filepath.WalkDir(path, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

func median[T cmp.Ordered](all []T) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// race runs all contenders in turn, so that what disturbs the machine disturbs
// all of them, and prints the medians and what they are of ours, the first. All
// of them read what lies at reads.
func race(b *testing.B, reads string, contenders ...*contender) {
	b.Helper()
	for round := range rounds + 1 {
		for _, c := range contenders {
			if err := c.run(reads); err != nil {
				b.Fatal(err)
			}
			if round == 0 { // the warm-up
				c.took, c.cpu = nil, nil
			}
		}
	}
	var table strings.Builder
	fmt.Fprintf(&table, "load average %s", loadAverage())
	fmt.Fprintf(&table, "\n%-32s %8s %8s %9s %9s  %s\n", "", "wall", "cpu", "peak", "size", "ours ÷ this")
	for _, c := range contenders {
		ratio := median(contenders[0].took).Seconds() / median(c.took).Seconds()
		fmt.Fprintf(&table, "%-32s %7.2fs %7.2fs %5d MiB %5d MiB  %.2f   %v\n", c.name,
			median(c.took).Seconds(), median(c.cpu).Seconds(), c.peak>>20, c.size>>20, ratio, rounded(c.took))
	}
	b.Log("\n" + table.String())
}

func rounded(all []time.Duration) []string {
	out := make([]string, len(all))
	for i, d := range all {
		out[i] = fmt.Sprintf("%.2f", d.Seconds())
	}
	return out
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// BenchmarkPeers backs one site up with us and with what people use instead, the
// dump included. It prints a table; what it is for are the ratios.
func BenchmarkPeers(b *testing.B) {
	s := openBenchSite(b)
	race(b, s.root, s.ours("tar.gz"), s.ours("tar.zst"), s.tar(), s.restic(), s.borg())
}
