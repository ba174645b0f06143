package sshserver

import "sync"

// fetchers counts each person's SFTP sessions. One whose client asks for much and
// reads nothing holds 16 MiB in answers, and connections alone would let one owner
// have thousands. It is safe for concurrent use.
type fetchers struct {
	most int // of one person

	mu sync.Mutex // held for a few instructions only
	by map[string]int
}

func newFetchers(most int) *fetchers { return &fetchers{most: most, by: make(map[string]int)} }

// enter counts a session in and reports whether there was room; exit must then
// follow.
func (f *fetchers) enter(who string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by[who] >= f.most {
		return false
	}
	f.by[who]++
	return true
}

// exit counts a session out.
func (f *fetchers) exit(who string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by[who]--; f.by[who] == 0 {
		delete(f.by, who)
	}
}
