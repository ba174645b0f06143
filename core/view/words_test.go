package view

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/words"
)

// Every state, step and kind of contact has its word.
func TestEveryStateHasAWord(t *testing.T) {
	var ids []string
	for _, s := range []core.RequestState{
		core.RequestDrafted, core.RequestCodeSent, core.RequestVerified, core.RequestHolding, core.RequestReady, core.RequestActivated,
		core.RequestCancelled, core.RequestVetoed, core.RequestLocked, core.RequestLapsed,
	} {
		ids = append(ids, "view.request."+string(s))
	}
	for _, s := range []core.GrantState{core.GrantActive, core.GrantClosed, core.GrantExpired, core.GrantRevoked} {
		ids = append(ids, "view.grant."+string(s))
	}
	for _, s := range []core.JobState{core.JobPlanned, core.JobRunning, core.JobSealed, core.JobStreamed, core.JobFailed, core.JobCancelled} {
		ids = append(ids, "view.job."+string(s))
	}
	for _, s := range []core.MessageState{
		core.MessageQueued, core.MessageSending, core.MessageRetry, core.MessageAccepted, core.MessageFailed, core.MessageExpired,
	} {
		ids = append(ids, "view.message."+string(s))
	}
	for _, s := range []string{core.StepDetect, core.StepDatabase, core.StepFiles, core.StepManifest, core.StepSeal} {
		ids = append(ids, "view.step."+s)
	}
	for _, k := range []core.ContactKind{core.ContactEmail, core.ContactPhone} {
		ids = append(ids, "view.kind."+string(k), "view.message.accepted_by."+string(k))
	}
	for _, id := range ids {
		if !words.Has(id) {
			t.Errorf("%s has no text", id)
		}
	}
}

// Every text of ours in the catalogue is used: what nobody says goes.
func TestNoIdleTexts(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for _, id := range words.IDs() {
		if !strings.HasPrefix(id, "view.") && !strings.HasPrefix(id, "kit.") {
			continue
		}
		group := id[:strings.LastIndex(id, ".")+1]
		name := `"` + id[len(group):] + `"`
		if strings.HasPrefix(id, "kit.step") || strings.Contains(source.String(), `"`+id+`"`) {
			continue
		}
		if group == "view.head." || group == "view.label." {
			if !strings.Contains(source.String(), name) {
				t.Errorf("%s is used nowhere", id)
			}
			continue
		}
		if !strings.Contains(source.String(), `"`+group) {
			t.Errorf("%s is used nowhere", id)
		}
	}
}
