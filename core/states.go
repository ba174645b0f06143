package core

import (
	"slices"
	"time"
)

// RequestState is a state of a [Request].
type RequestState string

// The states of a request:
//
//	drafted → code_sent → verified → [holding →] ready → activated
//	before activated: → cancelled | vetoed | locked | lapsed
const (
	RequestDrafted   RequestState = "drafted"
	RequestCodeSent  RequestState = "code_sent"
	RequestVerified  RequestState = "verified"
	RequestHolding   RequestState = "holding"
	RequestReady     RequestState = "ready"
	RequestActivated RequestState = "activated"
	RequestCancelled RequestState = "cancelled"
	RequestVetoed    RequestState = "vetoed"
	RequestLocked    RequestState = "locked"
	RequestLapsed    RequestState = "lapsed"
)

var requestEdges = map[RequestState][]RequestState{
	RequestDrafted:  {RequestCodeSent, RequestVerified, RequestCancelled, RequestVetoed, RequestLocked, RequestLapsed},
	RequestCodeSent: {RequestCodeSent, RequestVerified, RequestCancelled, RequestVetoed, RequestLocked, RequestLapsed},
	RequestVerified: {RequestHolding, RequestReady, RequestCancelled, RequestVetoed, RequestLapsed},
	RequestHolding:  {RequestReady, RequestCancelled, RequestVetoed, RequestLapsed},
	RequestReady:    {RequestActivated, RequestCancelled, RequestVetoed, RequestLapsed},
}

// Open reports whether the request has not reached an end.
func (s RequestState) Open() bool { return len(requestEdges[s]) > 0 }

// GrantState is a state of a [Grant].
type GrantState string

// The states of a grant: active → closed | expired | revoked.
const (
	GrantActive  GrantState = "active"
	GrantClosed  GrantState = "closed"
	GrantExpired GrantState = "expired"
	GrantRevoked GrantState = "revoked"
)

var grantEdges = map[GrantState][]GrantState{
	GrantActive: {GrantClosed, GrantExpired, GrantRevoked},
}

// JobState is a state of a [Job].
type JobState string

// The states of a job. One that goes into the vault and one that goes straight
// to its owner's computer can be told apart all along:
//
//	planned → running → sealed
//	planned → streaming → streamed
//	from each of the first three: → failed | cancelled
const (
	JobPlanned   JobState = "planned"
	JobRunning   JobState = "running"
	JobStreaming JobState = "streaming"
	JobSealed    JobState = "sealed"
	JobStreamed  JobState = "streamed"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

var jobEdges = map[JobState][]JobState{
	JobPlanned:   {JobRunning, JobStreaming, JobFailed, JobCancelled},
	JobRunning:   {JobSealed, JobFailed, JobCancelled},
	JobStreaming: {JobStreamed, JobFailed, JobCancelled},
}

// Open reports whether the job has not reached an end.
func (s JobState) Open() bool { return len(jobEdges[s]) > 0 }

// ArchiveState is a state of an [Archive].
type ArchiveState string

// The states of an archive: sealed → rehearsed | unrehearsed → removed.
const (
	ArchiveSealed      ArchiveState = "sealed"
	ArchiveRehearsed   ArchiveState = "rehearsed"
	ArchiveUnrehearsed ArchiveState = "unrehearsed"
	ArchiveRemoved     ArchiveState = "removed"
)

// allowed reports whether edges has an edge between two states.
func allowed[S comparable](edges map[S][]S, from, to S) bool {
	return slices.Contains(edges[from], to)
}

// Request is an owner's wish for access, from the reason to the activation.
type Request struct {
	ID          string
	Version     uint64
	Site        string
	State       RequestState
	Factor      string // what the asker proved first; budgets are kept by it
	Created     time.Time
	Lapses      time.Time // when it ends by itself if nothing more happens
	Contact     string    // where the newest code went
	Code        Code      // the newest code, as a MAC
	Message     string    // the outbox row that carries it
	Tries       int       // wrong tries, summed over resends
	Sends       int
	Cancels     int    // how many before it were cancelled in a row, within a day each
	Reason      string // as the owner gave it, made safe
	Refused     string // why it was vetoed, as told to the owner
	Claim       []byte // HMAC of the token that its proved session holds
	WrongTokens int
	Paper       bool      // proved by the paper code
	Ready       time.Time // while holding: when the hold ends
	Ended       time.Time
	Grant       string // once activated
}

// Code is a one-time code as it is kept: never its text.
type Code struct {
	MAC     []byte
	Salt    []byte
	Expires time.Time
	Tries   int // wrong tries on this code
	Dead    bool
}

// The budgets of a code, by access.md.
const (
	CodeLife        = 10 * time.Minute
	TriesPerCode    = 5
	TriesPerRequest = 10
	SendsPerRequest = 3
	CancelsInARow   = 5
	RequestLife     = 24 * time.Hour
	TokenTries      = 10
)

// LockTimes is how long the n-th locked request in a row makes the next wait;
// the last one repeats.
var LockTimes = []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour}

// Grant is a time of access: backup only, never admin.
type Grant struct {
	ID      string
	Version uint64
	Site    string
	Request string
	State   GrantState
	Start   time.Time
	Expires time.Time
	// BootID and BootExpires judge the same deadline by the clock that runs
	// while the machine sleeps and that nobody can set.
	BootID      string
	BootExpires time.Duration
	Tokens      [][]byte // HMACs of the download tokens
	WrongTokens int
	Ended       time.Time
	Reason      string // why it was revoked, as told to the owner
	Job         string // the newest job
}

// Job is one run of the engine.
type Job struct {
	ID       string
	Version  uint64
	Site     string
	Grant    string
	State    JobState
	Archive  string // the archive's name
	Created  time.Time
	Ended    time.Time
	Verdict  Verdict
	Notes    []string
	Problem  string // for failed: what happened, what to do, in English
	Said     Said   // Problem, for readers of other languages
	Incident string // an ID to quote
	Full     bool   // for failed: the disk was
	Size     int64  // for streamed, of the archive
	SHA256   string // for streamed, hex
}

// Archive is a finished backup in the vault. It outlives its grant, but
// reading it needs a live one.
type Archive struct {
	ID        string // its file name
	Version   uint64
	Site      string
	Job       string
	State     ArchiveState
	Size      int64
	SHA256    string // hex
	Signature string // armored SSHSIG of the archive; "" unsigned
	Verdict   Verdict
	Notes     []string
	Sealed    time.Time
	Removes   time.Time // when retention ends
	Served    []Range   // what was sent, by byte range
	Rehearsal Rehearsal // what became of the newest
	Started   string    // the grant whose download was told of last
	Whole     time.Time // when every byte had been sent
}

// Range is a half-open range of bytes.
type Range struct{ From, To int64 }
