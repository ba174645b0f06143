package manager_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"breakglass/core"
	"breakglass/tui/tuitest"
)

var update = flag.Bool("update", false, "write the golden files anew")

var windows = []struct{ width, height int }{{40, 12}, {80, 24}, {140, 40}}

var stops = []struct {
	name string
	keys []string
}{
	{"sites", nil},
	{"filter", []string{"/", "bak"}},
	{"site", []string{"enter"}},
	{"access", []string{"2", "e"}},
	{"grant", []string{"2", "enter"}},
	{"request", []string{"2", "down", "enter"}},
	{"log", []string{"3"}},
	{"revoke", []string{"r"}},
	{"veto-refused", []string{"2", "down", "v", "nobody called", "enter", "baker", "enter", "right", "enter"}},
}

func TestGolden(t *testing.T) {
	for _, l := range tuitest.Looks() {
		for _, stop := range stops {
			on(t, world(), l, func(s *show) {
				s.Press(stop.keys...)
				for _, w := range windows {
					name := fmt.Sprintf("%s-%dx%d-%s.txt", stop.name, w.width, w.height, l.Name)
					got := s.Screen.View(w.width, w.height-tuitest.Chrome)
					tuitest.Fits(t, name, got, w.width, w.height-tuitest.Chrome)
					tuitest.Golden(t, *update, name, got)
				}
			})
		}
		on(t, &console{}, l, func(s *show) {
			for _, w := range windows {
				name := fmt.Sprintf("empty-%dx%d-%s.txt", w.width, w.height, l.Name)
				got := s.Screen.View(w.width, w.height-tuitest.Chrome)
				tuitest.Fits(t, name, got, w.width, 99)
				tuitest.Golden(t, *update, name, got)
			}
		})
	}
}

// Whatever is in the records, nothing but text reaches the terminal; that no line
// begins that we did not begin shows in the count of lines.
func TestHostileRecords(t *testing.T) {
	c := hostile()
	for _, l := range tuitest.Looks() {
		for _, keys := range [][]string{
			nil, {"enter"}, {"2", "e"}, {"2", "enter"}, {"2", "down", "enter"}, {"3"}, {"3", "enter"}, {"r"}, {"2", "down", "v"},
			{"/", tuitest.Evil}, {"3", "/", tuitest.Evil, "enter"},
		} {
			on(t, c, l, func(s *show) {
				s.Press(keys...)
				for _, w := range windows {
					got := s.Screen.View(w.width, w.height-tuitest.Chrome) + s.Screen.Title()
					for _, b := range s.Screen.Keys() {
						got += b.Help().Desc
					}
					tuitest.Safe(t, keys, got)
					tuitest.Fits(t, fmt.Sprint(keys), s.Screen.View(w.width, w.height-tuitest.Chrome), w.width, w.height-tuitest.Chrome)
				}
				for _, said := range append(s.Problems, s.Notices...) {
					tuitest.Safe(t, keys, said)
				}
			})
		}
	}
}

// hostile is a console whose every text is evil.
func hostile() *console {
	contact := core.ContactInfo{ID: tuitest.Evil, Kind: tuitest.Evil, Masked: tuitest.Evil}
	grant := core.GrantInfo{ID: tuitest.Evil, Site: tuitest.Evil, Request: tuitest.Evil, State: core.GrantActive, Left: time.Hour, Reason: tuitest.Evil, Job: tuitest.Evil}
	odd := grant
	odd.State, odd.ID = tuitest.Evil, tuitest.Evil+"2"
	request := core.RequestInfo{
		ID: "R" + tuitest.Evil, Site: tuitest.Evil, State: core.RequestCodeSent, SentTo: contact, CanVeto: true,
		Message: core.MessageInfo{ID: tuitest.Evil, State: tuitest.Evil, Kind: tuitest.Evil, Result: tuitest.Evil},
	}
	line := core.LogLine{
		Actor: tuitest.Evil, Event: tuitest.Evil, Site: tuitest.Evil, Request: tuitest.Evil, Grant: tuitest.Evil, From: tuitest.Evil, To: tuitest.Evil, Result: tuitest.Evil, Hash: tuitest.Evil,
		Data: map[string]string{tuitest.Evil: tuitest.Evil}, Personal: map[string]string{tuitest.Evil: tuitest.Evil},
	}
	site := core.SiteInfo{
		ID: tuitest.Evil, Title: tuitest.Evil, Root: tuitest.Evil, Call: tuitest.Evil, Zone: tuitest.Evil, Lang: tuitest.Evil, DatabaseHost: tuitest.Evil,
		Contacts: []core.ContactInfo{contact}, Keys: []core.Key{{Name: tuitest.Evil, Fingerprint: tuitest.Evil}}, Request: &request, Grant: &grant,
		Archives: []core.ArchiveInfo{{Name: tuitest.Evil, Verdict: tuitest.Evil, Notes: []string{tuitest.Evil}}},
	}
	return &console{
		sites: []core.SiteInfo{site}, grants: []core.GrantInfo{grant, odd}, requests: []core.RequestInfo{request},
		story: core.GrantStory{
			Grant: grant, Lines: []core.LogLine{line},
			Job: &core.JobInfo{State: tuitest.Evil, Verdict: tuitest.Evil, Notes: []string{tuitest.Evil}, Problem: tuitest.Evil, Incident: tuitest.Evil},
		},
		log: []core.LogLine{line},
	}
}
