package view

import (
	"time"

	"breakglass/core"
	"breakglass/core/safetext"
)

// LogJSON is a line of the log for machines, as it is listed. The exported log
// holds the leaves themselves, byte for byte.
type LogJSON struct {
	Seq      int64             `json:"seq"`
	Time     time.Time         `json:"time"`
	Actor    string            `json:"actor"`
	Event    string            `json:"event"`
	Site     string            `json:"site,omitempty"`
	Request  string            `json:"request,omitempty"`
	Grant    string            `json:"grant,omitempty"`
	From     string            `json:"from,omitempty"`
	To       string            `json:"to,omitempty"`
	Result   string            `json:"result,omitempty"`
	Data     map[string]string `json:"data,omitempty"`
	Personal map[string]string `json:"personal,omitempty"`
	Hash     string            `json:"hash"`
}

// JSONLog gives the JSON form of a line of the log.
func JSONLog(l core.LogLine) LogJSON {
	return LogJSON{
		Seq: l.Seq, Time: l.Time.UTC(), Actor: safetext.Line(l.Actor), Event: safetext.Line(string(l.Event)), Site: safetext.Line(l.Site),
		Request: safetext.Line(l.Request), Grant: safetext.Line(l.Grant), From: safetext.Line(l.From), To: safetext.Line(l.To),
		Result: safetext.Line(l.Result), Data: safeMap(l.Data), Personal: safeMap(l.Personal), Hash: safetext.Line(l.Hash),
	}
}

func safeMap(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for name, value := range m {
		out[safetext.Line(name)] = safetext.Line(value)
	}
	return out
}

// LogPageJSON is a page of the log for machines.
type LogPageJSON struct {
	Size  int64     `json:"size"` // of the whole log
	More  bool      `json:"more"` // older lines may match
	Next  int64     `json:"next"` // --before of what follows; 0: nothing
	Lines []LogJSON `json:"lines"`
}

// JSONLogPage gives the JSON form of a page of the log.
func JSONLogPage(p core.LogPage) LogPageJSON {
	return LogPageJSON{Size: p.Size, More: p.More, Next: p.Next, Lines: List(p.Lines, JSONLog)}
}

// StoryJSON is a grant with its backup and its log lines for machines.
type StoryJSON struct {
	Grant GrantJSON `json:"grant"`
	Job   *JobJSON  `json:"job,omitempty"`
	Lines []LogJSON `json:"lines"`
	// What became of the messages that told of the lines.
	Messages []StoryMessageJSON `json:"messages"`
}

// JSONStory gives the JSON form of a grant's story.
func JSONStory(s core.GrantStory) StoryJSON {
	return StoryJSON{Grant: JSONGrant(s.Grant), Job: optional(s.Job, JSONJob), Lines: List(s.Lines, JSONLog), Messages: List(s.Messages, JSONMessage)}
}

// StatusJSON is an owner's state for machines.
type StatusJSON struct {
	Site        string        `json:"site"`
	Title       string        `json:"title"`
	Call        string        `json:"call"`
	Now         *time.Time    `json:"now,omitempty"`
	LockedUntil *time.Time    `json:"locked_until,omitempty"`
	Request     *RequestJSON  `json:"request,omitempty"`
	Grant       *GrantJSON    `json:"grant,omitempty"`
	Job         *JobJSON      `json:"job,omitempty"`
	Archives    []ArchiveJSON `json:"archives"`
}

// JSONStatus gives the JSON form of an owner's state.
func JSONStatus(s core.OwnerState) StatusJSON {
	return StatusJSON{
		Site: safetext.Line(s.Site), Title: safetext.Line(s.Title), Call: safetext.Line(s.Call), Now: moment(s.Now),
		LockedUntil: moment(s.LockedUntil), Request: optional(s.Request, JSONRequest), Grant: optional(s.Grant, JSONGrant),
		Job: optional(s.Job, JSONJob), Archives: List(s.Archives, JSONArchive),
	}
}

// KitJSON is the owner's emergency sheet for machines that provision sites. Its
// two secrets are in clear: that is what it is for, and they are shown once.
type KitJSON struct {
	Site        string        `json:"site"`
	Host        string        `json:"host"`
	Port        int           `json:"port"`
	SSH         string        `json:"ssh"`
	HostKey     string        `json:"host_key"`
	ArchiveKey  string        `json:"archive_key,omitempty"`
	LogKey      string        `json:"log_key,omitempty"`
	Passphrase  string        `json:"passphrase,omitempty"`
	PaperCode   string        `json:"paper_code,omitempty"`
	Call        string        `json:"call"`
	LifeSeconds int64         `json:"life_seconds"`
	Contacts    []ContactJSON `json:"contacts"`
	Made        *time.Time    `json:"made,omitempty"`
}

// JSONKit gives the JSON form of a kit, secrets revealed.
func JSONKit(k core.Kit) KitJSON {
	return KitJSON{
		Site: safetext.Line(k.Site), Host: safetext.Line(k.Host), Port: k.Port, SSH: SSH(k.Site, k.Host, k.Port),
		HostKey: safetext.Line(k.HostKey), ArchiveKey: safetext.Line(k.ArchiveKey), LogKey: safetext.Line(k.LogKey),
		Passphrase: safetext.Line(k.Passphrase.Reveal()), PaperCode: safetext.Line(k.Paper.Reveal()),
		Call: safetext.Line(k.Call), LifeSeconds: seconds(k.Life), Contacts: List(k.Contacts, JSONContact), Made: moment(k.Made),
	}
}
