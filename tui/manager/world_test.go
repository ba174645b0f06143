package manager_test

import (
	"fmt"
	"time"

	"breakglass/core"
)

// start is when every bubble of fake time begins.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// world is a console with a site that is open, one that asks, and quiet ones.
func world() *console {
	grant := core.GrantInfo{
		ID: "G-7M2KQ4XA", Site: "acme", Request: "R-1", State: core.GrantActive, Start: start.Add(-time.Hour),
		Expires: start.Add(3*time.Hour + 12*time.Minute), Left: 3*time.Hour + 12*time.Minute,
	}
	over := core.GrantInfo{
		ID: "G-OLD", Site: "acme", State: core.GrantRevoked, Start: start.Add(-48 * time.Hour),
		Expires: start.Add(-44 * time.Hour), Ended: start.Add(-47 * time.Hour), Reason: "it was not her",
	}
	contact := core.ContactInfo{ID: "1", Kind: core.ContactEmail, Masked: "j•••••@a•••••.example", From: start.Add(-99 * time.Hour), Usable: true}
	request := core.RequestInfo{
		ID: "R-2M9X", Site: "bakery", State: core.RequestHolding, Created: start.Add(-time.Hour), Lapses: start.Add(23 * time.Hour),
		Ready: start.Add(30 * time.Minute), SentTo: contact, CanVeto: true,
	}
	spent := core.RequestInfo{ID: "R-SPENT", Site: "zoo", State: core.RequestCodeSent, Created: start, Lapses: start.Add(24 * time.Hour), SentTo: contact}
	return &console{
		sites: []core.SiteInfo{
			{
				ID: "acme", Title: "Acme Bakery", Root: "/var/www/acme", Call: "Eva, +31 20 123 4567", Zone: "Europe/Amsterdam", Life: 4 * time.Hour,
				Created: start.Add(-999 * time.Hour), Contacts: []core.ContactInfo{contact}, PassphraseSet: start.Add(-999 * time.Hour), Grant: &grant,
				Keys:     []core.Key{{Name: "jo@laptop", Fingerprint: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}},
				Archives: []core.ArchiveInfo{{Name: "acme-20000101T000000Z.tar.gz", Site: "acme", Size: 1_420_000_000, Verdict: "complete"}},
			},
			{ID: "apricot", Title: "Apricot", Root: "/srv/apricot", PassphraseSet: start, Contacts: []core.ContactInfo{contact}},
			{ID: "bakery", Title: "The other bakery", Root: "/srv/bakery", PassphraseSet: start, Contacts: []core.ContactInfo{contact}, Request: &request},
			{ID: "zoo", Title: "Zoo", Root: "/srv/zoo", Request: &spent},
		},
		grants:   []core.GrantInfo{grant, over},
		requests: []core.RequestInfo{request, spent},
		story: core.GrantStory{
			Grant: grant,
			Job:   &core.JobInfo{ID: "J-1", State: core.JobRunning, Percent: 42},
			Lines: lines(3),
		},
		log: lines(12),
	}
}

// lines makes a log.
func lines(n int) []core.LogLine {
	out := make([]core.LogLine, n)
	for i := range out {
		out[i] = core.LogLine{
			Seq: int64(i), Time: start.Add(time.Duration(i-n) * time.Minute), Actor: "owner:acme", Event: core.EventRequestCodeSent,
			Site: "acme", Request: "R-1", From: "drafted", To: "code_sent", Result: "ok", Hash: fmt.Sprintf("%064x", i),
		}
	}
	return out
}
