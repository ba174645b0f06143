package wizard_test

import (
	"testing"
	"time"

	"breakglass/core"
	"breakglass/tui/wizard"
)

// Who is stuck is told whom to call, also where the manager named nobody.
func TestWhom(t *testing.T) {
	for _, c := range []struct{ call, lang, want string }{
		{"Eva, 06 1234 5678", "nl", "Eva, 06 1234 5678"},
		{"", "en", "whoever looks after your website"},
		{"", "nl", "wie er voor uw website zorgt"},
	} {
		if got := wizard.Whom(core.OwnerState{Call: c.call, Lang: c.lang}); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.call, c.lang, got, c.want)
		}
	}
}

// An owner has the backup when all of it was seen to leave, or it went straight to
// their computer; until then they are warned before they close access.
func TestUnfetched(t *testing.T) {
	for name, c := range map[string]struct {
		archive  core.ArchiveInfo
		streamed bool
		want     bool
	}{
		"nothing sent":   {core.ArchiveInfo{Size: 10}, false, true},
		"broke off":      {core.ArchiveInfo{Size: 10, Sent: 9}, false, true},
		"all sent":       {core.ArchiveInfo{Size: 10, Sent: 10}, false, false},
		"once, long ago": {core.ArchiveInfo{Size: 10, Whole: time.Unix(1, 0)}, false, false},
		"streamed":       {core.ArchiveInfo{}, true, false},
	} {
		s := core.OwnerState{}
		if c.streamed {
			s.Job = &core.JobInfo{State: core.JobStreamed}
		}
		if got := wizard.Unfetched(s, wizard.Lines{Archive: c.archive}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
