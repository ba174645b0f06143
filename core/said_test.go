package core_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/coretest"
)

// A sentence is put into a language part by part, and is the same after it was
// written down.
func TestASentenceInAnotherLanguage(t *testing.T) {
	dutch := map[string]string{"%s is %s on line %d, 100%%": "op regel %[3]s is %[1]s %[2]s, 100%%", "empty": "leeg"}
	said := core.Say("%s is %s on line %d, 100%%", "empty %s", core.Say("empty"), 7)
	data, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	for name, said := range map[string]core.Said{"made": said, "read again": core.ReadSaid(string(data))} {
		if got := said.String(); got != "empty %s is empty on line 7, 100%" {
			t.Errorf("%s: %s", name, got)
		}
		if got := said.In(func(english string) string { return dutch[english] }); got != "op regel 7 is empty %s leeg, 100%" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := core.Say("a # is %23").String(); got != "a # is %23" {
		t.Error(got)
	}
	for _, text := range []string{"", "x", "{}", "[]"} {
		if said := core.ReadSaid(text); !said.IsZero() || said.String() != "" {
			t.Errorf("%q: %+v", text, said)
		}
	}
}

// Why a backup failed stands in its record and in its messages as it was made;
// what is beneath it in neither.
func TestWhyABackupFailedIsKeptAsItWasMade(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.access()
		w.deliver()
		why := core.Refuse(core.ErrSite, "The site's directory %s is gone.", "/srv/acme").Because(errors.New("hunter2"))
		w.engine.Follow(coretest.Script{Data: make([]byte, 100), Err: why})
		w.must(w.console.StartBackup(t.Context(), a))
		w.after(slow)
		if job := w.state(a).Job; job.Said.String() != job.Problem || job.Said.Format != "The site's directory %s is gone." {
			t.Errorf("%+v", job)
		}
		told := 0
		for _, m := range w.pending() {
			if m.Event != core.EventJobFailed {
				continue
			}
			told++
			if said := core.ReadSaid(m.Data[core.SaidField]); said.String() != m.Data["problem"] || said.Format == "" {
				t.Errorf("%+v", m.Data)
			}
		}
		if told == 0 || strings.Contains(w.everything(), "hunter2") {
			t.Errorf("%d messages; or what lies beneath is kept", told)
		}
	})
}
