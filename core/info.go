package core

import "time"

// ContactInfo is a contact as an owner may see it.
type ContactInfo struct {
	ID     string
	Kind   ContactKind
	Masked string // "j•••••@e•••••.nl": the number of bullets tells nothing
	Proven time.Time
	From   time.Time // codes go here from then on
	Usable bool      // codes go here now
	Watch  bool
	Mute   bool // nothing can be sent there: this console has no provider for it
}

// RequestInfo is a request as it is shown.
type RequestInfo struct {
	ID          string
	Site        string
	State       RequestState
	Created     time.Time
	Lapses      time.Time
	SentTo      ContactInfo // zero before the first code
	CodeExpires time.Time
	CodeLive    bool // a code is out that can still be entered
	TriesLeft   int  // on this code
	SendsLeft   int
	Ready       time.Time // while holding
	CanVeto     bool
	Paper       bool
	Joins       bool   // it opens a grant that is live already to one more session
	Proven      bool   // the asking session has entered the code
	Refused     string // why it was vetoed
	Message     MessageInfo
}

// MessageInfo is what became of a message.
type MessageInfo struct {
	ID     string
	State  MessageState
	Kind   ContactKind
	At     time.Time
	Result string
}

// GrantInfo is a grant as it is shown.
type GrantInfo struct {
	ID      string
	Site    string
	Request string
	State   GrantState
	Start   time.Time
	Expires time.Time
	Left    time.Duration // 0 once it ended
	Ended   time.Time
	Reason  string
	Job     string
	Proven  bool // the asking session holds one of its tokens
}

// JobInfo is a job as it is shown.
type JobInfo struct {
	ID       string
	Site     string
	Grant    string
	State    JobState
	Archive  string
	Created  time.Time
	Ended    time.Time
	Verdict  Verdict
	Notes    []string
	Problem  string // in English
	Said     Said   // Problem, for readers of other languages
	Incident string
	Full     bool      // it failed because the disk was full
	Size     int64     // of what was streamed
	SHA256   string    // of what was streamed
	Percent  int       // while running, -1 while unknown
	Progress *Progress // while running: how far, without names and notes; nil while unknown
}

// Preflight is what there is to back up, and whether it can be stored.
type Preflight struct {
	SiteReport
	Free int64 // bytes that the vault can still take
}

// Fits reports whether an archive of the site surely finds room in the vault,
// were it not to be compressed at all. What else the server needs to go on, its
// log above all, stays free.
func (p Preflight) Fits() bool { return p.Free-vaultReserve >= p.Bytes }

// vaultReserve is what a stored backup leaves free, in bytes.
const vaultReserve = 64 << 20

// ArchiveInfo is an archive as it is shown.
type ArchiveInfo struct {
	Name    string
	Site    string
	State   ArchiveState
	Size    int64
	SHA256  string
	Verdict Verdict
	Notes   []string
	Sealed  time.Time
	Removes time.Time
	// Rehearsal is what became of trying it out; Rehearsing: that is under way.
	Rehearsal  Rehearsal
	Rehearsing bool
	Sent       int64     // distinct bytes sent so far
	Rate       float64   // bytes a second being sent now, 0 when nobody downloads
	Whole      time.Time // when every byte had been sent
}

// OwnerState is all that an owner's screen shows, on one consistent state.
type OwnerState struct {
	Site, Title, Call, Zone, Lang string
	Host                          string // the console's public host name
	Port                          int
	Now                           time.Time
	Contacts                      []ContactInfo // those that codes go to
	HasPaper                      bool
	LockedUntil                   time.Time    // this factor's next request waits until then
	Request                       *RequestInfo // the open one, or the newest that ended within a day
	Grant                         *GrantInfo   // the live one, or the newest that ended within a day
	Job                           *JobInfo     // the grant's newest
	Archives                      []ArchiveInfo
	Extension                     string // of the archives that are made: ".tar.gz"
}

// SiteInfo is a site as its manager sees it.
type SiteInfo struct {
	ID, Title, Root, Call, Zone, Lang string
	Life, Hold                        time.Duration
	Created                           time.Time
	Contacts                          []ContactInfo
	Keys                              []Key
	PassphraseSet                     time.Time
	PaperIssued, PaperUsed            time.Time
	Request                           *RequestInfo
	Grant                             *GrantInfo
	Archives                          []ArchiveInfo
	DatabaseHost                      string
	Database                          string // the URL of the one that the manager named, its password as •••
	Include                           []string
}

// SiteOrder is what a manager says when setting up a site.
type SiteOrder struct {
	ID, Root, Title, Call, Zone, Lang, DatabaseHost string
	Life, Hold                                      time.Duration
	Emails, Phones                                  []string
	Key                                             string // an authorized_keys line, optional
	Database                                        NamedDatabase
	Include                                         []string
}

// SiteChange is what a manager changes; nil leaves a field as it is.
type SiteChange struct {
	Root, Title, Call, Zone, Lang, DatabaseHost *string
	Database                                    *NamedDatabase // with an empty URL: none
	Include                                     *[]string      // all of them; none where it is empty
	Life, Hold                                  *time.Duration
}

// ContactOrder adds a contact.
type ContactOrder struct {
	Kind    ContactKind
	Address string
	Watch   bool
}

// Kit is the owner's emergency sheet. Its secrets are shown once.
type Kit struct {
	Site, Title, Call, Host string
	Lang                    string // the owner's, who reads it
	Zone                    string // IANA time zone that the owner reads times in
	Port                    int
	HostKey                 string // SHA256 fingerprint
	ArchiveKey              string // SHA256 fingerprint, "" unsigned
	LogKey                  string // the log's verifier key
	Passphrase              Secret
	Paper                   Secret
	Contacts                []ContactInfo
	Made                    time.Time
	Life                    time.Duration
}

// PersonOrder adds a manager or an auditor.
type PersonOrder struct {
	ID                 string
	Role               Role
	Key                string // an authorized_keys line
	Email, Phone, Lang string
	Sites, Roots       []string
}

// LogQuery asks for lines of the log, newest first. The zero query is the
// newest page of everything that the actor may read.
type LogQuery struct {
	Before  int64 // lines with a smaller number only; 0: from the newest
	Upward  bool  // oldest first instead, of the lines numbered Start or more
	Start   int64 // only with Upward
	Limit   int   // 0: 50; 500 at most
	Site    string
	Request string
	Grant   string
	Person  string    // part of the actor's ID
	Event   Event     // or its part before the dot
	From    time.Time // not before; zero: no limit
	To      time.Time // before; zero: no limit
	Text    string    // anywhere in the line, case folded
}

// LogLine is one leaf of the log with the personal data beside it, if that is
// still there.
type LogLine struct {
	Seq      int64
	Time     time.Time
	Actor    string
	Event    Event
	Site     string
	Request  string
	Grant    string
	From, To string
	Result   string
	Data     map[string]string // not personal
	Personal map[string]string // personal, erasable; nil when erased
	Hash     string            // of the leaf, hex
}

// LogPage is an answer to a LogQuery.
type LogPage struct {
	Lines []LogLine
	Size  int64 // of the whole log
	More  bool  // older lines may match; upward: newer ones
	// Next is the Before of the query that goes on where this one stopped: a
	// page of few lines, or none, may only say how far back was looked. 0 where
	// nothing older is left. Upward it is the Start of the next query, at the
	// log's end the number of the line that is not there yet.
	Next int64
}

// GrantStory is a grant with all that was logged of it, oldest first, and what
// became of the messages that told of it.
type GrantStory struct {
	Grant    GrantInfo
	Job      *JobInfo
	Lines    []LogLine
	Messages []StoryMessage // in the order of the lines that they tell of
}

// StoryMessage is a message that told of a line of the log.
type StoryMessage struct {
	MessageInfo
	Leaf   int64  // the line
	Code   bool   // it carried the code itself
	Masked string // the address; "" once it was erased
}

// File is what SFTP and scp show of an archive or of a file beside it.
type File struct {
	Name string
	Size int64
	Time time.Time
}
