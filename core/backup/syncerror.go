package backup

import "sync"

// syncError keeps the first error that it is given. The zero value is ready;
// it is safe for concurrent use.
type syncError struct {
	mu  sync.Mutex // held for a few instructions only
	err error
}

func (s *syncError) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *syncError) get() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
