package core

import (
	"context"
	"io"
	"time"
)

// Ledger keeps sites, people, requests, grants, jobs, archives, the log and the
// outbox. Implementations are safe for concurrent use and must pass
// coretest.Ledger.
type Ledger interface {
	// View runs f on one consistent state.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f and makes all it did durable, or nothing. f may run more
	// than once: it is deterministic, does no network and no file work, and
	// reads by key only; Each is for View. Time and random bytes are drawn
	// before it. A full disk is an error that wraps ErrNoSpace.
	Update(ctx context.Context, f func(Tx) error) error
}

// Tx is one transaction of a [Ledger]. It must not be kept beyond its function.
type Tx interface {
	Sites() Table[Site]
	People() Table[Person]
	Requests() Table[Request]
	Grants() Table[Grant]
	Jobs() Table[Job]
	Archives() Table[Archive]
	Outbox() Table[Message] // messages that the courier still has work with
	Sent() Table[Message]   // messages at their end
	Pushes() Table[Push]
	Log() LogTable
}

// Record is what a Table keeps: each kind of record says its key and version.
type Record interface {
	Site | Person | Request | Grant | Job | Archive | Message | Push
}

// Table is the records of one kind, ordered by ID.
type Table[T any] interface {
	// Get returns the record, or an error that wraps ErrNotFound.
	Get(id string) (T, error)
	// Put is a compare-and-set: it stores v under Version+1 if the stored
	// version equals v.Version (0: there is none yet), else it fails with an
	// error that wraps ErrConflict. It returns the record as stored.
	Put(v T) (T, error)
	// Delete removes the record if its stored version is the given one, else
	// it fails with ErrConflict or ErrNotFound.
	Delete(id string, version uint64) error
	// Each calls f for every record from the given ID on, in the order of
	// their IDs, until f returns false. Only for View.
	Each(from string, f func(T) bool) error
}

// LogTable is the log as bytes: leaves, the Merkle hashes over them and the
// personal data beside the tree. What they mean is package audit's.
type LogTable interface {
	// Size returns the number of leaves.
	Size() (int64, error)
	// Leaf returns the leaf with the number seq, counted from 0.
	Leaf(seq int64) ([]byte, error)
	// Append adds the leaf Size() and the hashes that follow the stored ones.
	Append(leaf []byte, hashes [][32]byte) error
	// Hash returns the stored hash with that index.
	Hash(index int64) ([32]byte, error)
	// Index notes leaf seq under each of the keys. Find calls f with the numbers
	// noted under a key that are below before, newest first, and FindUp with
	// those that are from or more, oldest first, until f returns false; only for
	// View.
	Index(seq int64, keys ...string) error
	Find(key string, before int64, f func(seq int64) bool) error
	FindUp(key string, from int64, f func(seq int64) bool) error
	// PutPersonal keeps data of one subject beside leaf seq; Personal returns
	// it or ErrNotFound; Forget removes all of a subject.
	PutPersonal(subject string, seq int64, data []byte) error
	Personal(subject string, seq int64) ([]byte, error)
	Forget(subject string) error
}

// SiteSpec is what an Engine is told of a site.
type SiteSpec struct {
	Site         string
	Root         string
	DatabaseHost string // a host other than loopback that the manager vouches for
	Database     NamedDatabase
	Include      []string // resolved paths outside of Root that belong to the site
	Lang         string   // of what the owner reads; "": English
}

// NamedDatabase is a database that the manager named, because the site's own
// configuration does not say it in a way that can be read. The zero value is
// none.
type NamedDatabase struct {
	URL      string // as CheckDatabase returned it: mysql://user@host/name
	Password Secret
}

// SiteReport is what an Engine found at a site without changing anything.
type SiteReport struct {
	Root      string // resolved
	Kind      string // "WordPress 6.6", "static files"
	Databases []DatabaseReport
	Files     int64
	Bytes     int64 // of files and databases, before compression
	Notes     []string
}

// DatabaseReport describes one database of a site.
type DatabaseReport struct {
	Name   string
	Server string // "MariaDB 10.11.6", "SQLite"
	Bytes  int64
	Tables int64
}

// BackupOrder is what an Engine needs to make one archive.
type BackupOrder struct {
	SiteSpec
	Name    string    // the archive's base name: acme-20261123T230142Z
	Created time.Time // UTC
	Host    string    // the console's host name, the signature's principal
	Grant   string    // "" outside a console
	Call    string    // whom to call, for README.txt
	// Proof returns what the log holds of the grant so far, with its proofs; it is
	// asked once, near the end. nil outside a console.
	Proof func(context.Context) ([]byte, error)
}

// BackupResult is what became of a run.
type BackupResult struct {
	Verdict   Verdict
	Notes     []string
	Files     int64
	Tables    int64
	Rows      int64
	Bytes     int64  // read
	Written   int64  // of the archive
	SHA256    string // of the archive, hex
	Signer    string // the archive key's fingerprint; "" unsigned
	Signature []byte // armored SSHSIG of the whole archive, namespace breakglass-backup; nil unsigned
}

// Engine reads a site and writes its archive. It changes nothing on the site.
// It is safe for concurrent use.
type Engine interface {
	// CheckRoot resolves root and refuses, with ErrInvalid, one that is not
	// there, not a directory, or not under an allowed root.
	CheckRoot(ctx context.Context, root string) (resolved string, err error)
	// CheckInclude resolves a path that a backup is to take along, and refuses,
	// with ErrInvalid, one that is not there, or not under an allowed root.
	CheckInclude(ctx context.Context, path string) (resolved string, err error)
	// CheckDatabase checks the URL of a database and returns it in a form that
	// may be shown. It refuses, with ErrInvalid and without repeating any of it,
	// one that it does not understand or that holds a password.
	CheckDatabase(url string) (clean string, err error)
	// Inspect says what a backup would hold and how large it would be.
	Inspect(ctx context.Context, spec SiteSpec) (SiteReport, error)
	// Run writes the archive to w and reports progress as often as it likes;
	// report must not block. It stops soon after ctx ends and leaves nothing
	// behind. Errors wrap ErrSite, ErrNoSpace or ErrCancelled. A database that
	// cannot be dumped is none: the result says NOT COMPLETE and names it.
	Run(ctx context.Context, order BackupOrder, w io.Writer, report func(Progress)) (BackupResult, error)
	// Extension is that of the archives it writes: ".tar.gz".
	Extension() string
	// Signer returns the archive key's fingerprint, "" where there is none.
	Signer() string
}

// Vault keeps finished archives. It is safe for concurrent use and must pass
// coretest.Vault.
type Vault interface {
	// Create begins an archive that nobody can see before Seal. An existing
	// name is ErrExists.
	Create(ctx context.Context, name string) (VaultWriter, error)
	// Open reads a sealed archive, or fails with ErrNotFound.
	Open(ctx context.Context, name string) (VaultReader, error)
	// Remove deletes a sealed archive; one that is not there is no error.
	Remove(ctx context.Context, name string) error
	// List returns the names of sealed archives.
	List(ctx context.Context) ([]string, error)
	// Free returns the bytes that can still be stored.
	Free(ctx context.Context) (int64, error)
	// Sweep removes what a crash left half-written.
	Sweep(ctx context.Context) error
}

// VaultWriter receives an archive. Write fails with ErrNoSpace on a full disk.
type VaultWriter interface {
	io.Writer
	// Seal makes the archive durable and visible.
	Seal() error
	// Abort removes what was written; after Seal it does nothing.
	Abort() error
}

// VaultReader reads a sealed archive at any offset, from many goroutines.
type VaultReader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Witness keeps the newest checkpoint that was handed out, outside of the
// ledger: it shows that a ledger was put back from an older copy. It is safe
// for concurrent use and must pass coretest.TestWitness.
type Witness interface {
	// Kept returns the checkpoint, or an error that wraps ErrNotFound.
	Kept(ctx context.Context) (string, error)
	// Keep makes it durable in place of the one before, wholly or not at all.
	Keep(ctx context.Context, signed string) error
}

// Clock is where time comes from. It is safe for concurrent use.
type Clock interface {
	// Now is the wall clock, which somebody may set.
	Now() time.Time
	// Boot is the machine's boot and the time since, sleep included, which
	// nobody can set.
	Boot() (id string, since time.Duration)
	// AfterFunc calls f in its own goroutine after d, unless stopped.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}
