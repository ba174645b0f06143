package restore

import (
	"fmt"
	"time"
)

// step says that a step begins.
func (r *run) step(s Step) { r.order.Tell(Event{Step: s}) }

func (r *run) note(format string, args ...any) {
	r.order.Tell(Event{Note: fmt.Sprintf(format, args...)})
}

func (r *run) tell(list []Check) {
	for i := range list {
		r.order.Tell(Event{Check: &list[i]})
	}
}

// tellEvery is the pace of progress.
const tellEvery = 100 * time.Millisecond

func (r *run) progress(p Progress) {
	if p.Step == r.telling && time.Since(r.told) < tellEvery {
		return
	}
	r.told, r.telling = time.Now(), p.Step
	r.order.Tell(Event{Progress: &p})
}
