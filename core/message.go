package core

import "time"

// MessageState is a state of a [Message].
type MessageState string

// The states of a message: queued → sending → accepted | retry | failed | expired.
const (
	MessageQueued   MessageState = "queued"
	MessageSending  MessageState = "sending"
	MessageRetry    MessageState = "retry"
	MessageAccepted MessageState = "accepted"
	MessageFailed   MessageState = "failed"
	MessageExpired  MessageState = "expired"
)

// Open reports whether the courier still has work with the message.
func (s MessageState) Open() bool {
	return s == MessageQueued || s == MessageSending || s == MessageRetry
}

// Message is a row of the outbox: one text to one address by one channel. The
// text itself is made when it is sent, from Event and Data, so that the log's
// newest checkpoint can be in it.
type Message struct {
	ID       string
	Version  uint64
	State    MessageState
	Event    Event
	Kind     ContactKind
	Address  string
	Lang     string
	Zone     string
	Site     string
	Request  string
	Grant    string
	Leaf     int64             // the log line that it tells of
	Data     map[string]string // what the text needs; never a secret
	Code     []byte            // a code, sealed; wiped at the end
	Created  time.Time
	Due      time.Time // not before
	Expires  time.Time // not after
	Attempts int
	Result   string // what the provider said last, one safe line
	Switched bool   // a code that was handed to another channel too
	Ended    time.Time
	Fallback []string // IDs of the contacts that a code goes to when this address fails
}

// Event names what a message or a log line tells of. The names are stable:
// they stand in exported logs.
type Event string

// The events, in the order of an emergency.
const (
	EventCode             Event = "code" // the message with the code itself
	EventRequestDrafted   Event = "request.drafted"
	EventRequestCodeSent  Event = "request.code_sent"
	EventRequestWrongCode Event = "request.wrong_code"
	EventRequestVerified  Event = "request.verified"
	EventRequestHolding   Event = "request.holding"
	EventRequestReady     Event = "request.ready"
	EventRequestCancelled Event = "request.cancelled"
	EventRequestVetoed    Event = "request.vetoed"
	EventRequestLocked    Event = "request.locked"
	EventRequestLapsed    Event = "request.lapsed"
	EventGrantActivated   Event = "grant.activated"
	EventGrantReproved    Event = "grant.reproved" // a second session entered a code
	EventGrantClosed      Event = "grant.closed"
	EventGrantExpired     Event = "grant.expired"
	EventGrantRevoked     Event = "grant.revoked"
	EventGrantWrongToken  Event = "grant.wrong_token"
	EventJobStarted       Event = "backup.started"
	EventJobSealed        Event = "backup.sealed"
	EventJobStreaming     Event = "backup.streaming" // it began, and goes straight to the owner's computer
	EventJobStreamed      Event = "backup.streamed"  // all of it went there
	EventJobFailed        Event = "backup.failed"
	EventJobCancelled     Event = "backup.cancelled"
	EventDownloadStarted  Event = "download.started"
	EventDownloadWhole    Event = "download.complete"
	EventArchiveRemoved   Event = "archive.removed"
	EventArchiveRehearsed Event = "archive.rehearsed"
	EventArchiveUnproved  Event = "archive.unrehearsed" // why not is the line's result
	EventSiteAdded        Event = "site.added"
	EventSiteChanged      Event = "site.changed"
	EventSiteRemoved      Event = "site.removed"
	EventContactAdded     Event = "contact.added"
	EventContactRemoved   Event = "contact.removed"
	EventPassphraseSet    Event = "owner.passphrase"
	EventOwnerKeyAdded    Event = "owner.key_added"
	EventOwnerKeyRemoved  Event = "owner.key_removed"
	EventKitPrinted       Event = "kit.printed"
	EventPersonAdded      Event = "person.added"
	EventPersonRemoved    Event = "person.removed"
	EventPersonForgotten  Event = "person.forgotten" // personal data erased
	EventSiteForgotten    Event = "site.forgotten"
	EventLogin            Event = "login"
	EventLoginsFailed     Event = "logins.failed"
	EventLogRead          Event = "log.read"
	EventLogExported      Event = "log.exported"
	EventLogRestored      Event = "log.restored"     // a new epoch: the ledger is an older one than was signed
	EventLogPushStalled   Event = "log.push_stalled" // the collector lacks lines for too long
	EventLogPushResumed   Event = "log.push_resumed"
	EventMessageAccepted  Event = "message.accepted"
	EventMessageFailed    Event = "message.failed"
	EventClock            Event = "clock.jumped"
	EventBoot             Event = "console.started"
	EventHeartbeat        Event = "console.heartbeat"
)
