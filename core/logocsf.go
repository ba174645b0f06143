package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"

	"breakglass/core/safetext"
)

// The classes of OCSF 1.3 that lines of the log belong to, and their activities.
const (
	ocsfVersion        = "1.3.0"
	ocsfAuthentication = 3002
	ocsfAPIActivity    = 6003
	ocsfLogon          = 1
	ocsfRead           = 2
	ocsfOther          = 99
)

// ocsfEvent is an event of the class Authentication or API Activity. What the
// schema has no place for stands under "unmapped", as it wants it.
type ocsfEvent struct {
	ActivityID  int               `json:"activity_id"`
	CategoryUID int               `json:"category_uid"`
	ClassUID    int               `json:"class_uid"`
	TypeUID     int               `json:"type_uid"`
	SeverityID  int               `json:"severity_id"`
	StatusID    int               `json:"status_id"`
	Time        int64             `json:"time"` // milliseconds since 1970
	Message     string            `json:"message"`
	Metadata    ocsfMetadata      `json:"metadata"`
	Actor       ocsfActor         `json:"actor"`
	User        *ocsfUser         `json:"user,omitempty"`
	API         *ocsfAPI          `json:"api,omitempty"`
	Source      ocsfEndpoint      `json:"src_endpoint"`
	Destination ocsfEndpoint      `json:"dst_endpoint"`
	Unmapped    map[string]string `json:"unmapped,omitempty"`
}

type ocsfMetadata struct {
	Version  string      `json:"version"`
	UID      string      `json:"uid"`
	Sequence int64       `json:"sequence"`
	Product  ocsfProduct `json:"product"`
}

type ocsfProduct struct {
	Name   string `json:"name"`
	Vendor string `json:"vendor_name"`
}

type ocsfActor struct {
	User ocsfUser `json:"user"`
}

type ocsfUser struct {
	Name string `json:"name"`
}

type ocsfAPI struct {
	Operation string `json:"operation"`
}

type ocsfEndpoint struct {
	IP       string `json:"ip,omitempty"`
	Hostname string `json:"hostname,omitempty"`
}

// ocsfLine writes a line of the log as an OCSF object on one line.
func ocsfLine(host string, l LogLine) ([]byte, error) {
	event := safetext.Line(string(l.Event))
	user := ocsfUser{safetext.Line(l.Actor)}
	e := ocsfEvent{
		ActivityID: ocsfOther, ClassUID: ocsfAPIActivity, SeverityID: 1, StatusID: 1, Time: l.milliseconds(), Message: event,
		Metadata: ocsfMetadata{Version: ocsfVersion, UID: fmt.Sprint(l.Seq), Sequence: l.Seq, Product: ocsfProduct{"breakglass", "breakglass"}},
		Actor:    ocsfActor{user}, API: &ocsfAPI{event}, Destination: ocsfEndpoint{Hostname: safetext.Line(host)},
		Unmapped: make(map[string]string),
	}
	switch l.Event {
	case EventLogin, EventLoginsFailed:
		e.ClassUID, e.ActivityID, e.User, e.API = ocsfAuthentication, ocsfLogon, &user, nil
	case EventLogRead, EventLogExported:
		e.ActivityID = ocsfRead
	}
	if l.worrying() {
		e.SeverityID, e.StatusID = 3, 2
	}
	e.CategoryUID, e.TypeUID = e.ClassUID/1000, e.ClassUID*100+e.ActivityID
	if from, err := netip.ParseAddr(l.Personal["remote"]); err == nil {
		e.Source.IP = from.WithZone("").String()
	} else {
		e.Source.Hostname = "unknown"
	}
	for _, f := range l.fields() {
		if f.name != "seq" && f.name != "actor" {
			e.Unmapped[safetext.Line(f.name)] = safetext.Line(f.value)
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return nil, fmt.Errorf("encode OCSF: %w", err)
	}
	return out.Bytes(), nil
}
