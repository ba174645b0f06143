package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/coretest"
	"breakglass/core/notify"
	"breakglass/store"
)

// asConsole tells the test binary to be a console that is killed: its value is
// the data directory and the mail provider's URL.
const asConsole = "BREAKGLASS_TEST_CONSOLE"

// mailRoom is a mail provider: it writes down which deliveries it took.
type mailRoom struct {
	*httptest.Server
	mu       sync.Mutex
	taken    map[string]int
	answered atomic.Int64 // requests that had their answer
	slow     func(delivery string) time.Duration
}

func newMailRoom(t testing.TB, slow func(string) time.Duration) *mailRoom {
	t.Helper()
	m := &mailRoom{taken: map[string]int{}, slow: slow}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

// ServeHTTP takes a mail as SendGrid's interface does.
func (m *mailRoom) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer m.answered.Add(1)
	var mail struct {
		Personalizations []struct {
			To         []struct{ Email string }
			CustomArgs struct {
				ID string `json:"delivery_id"`
			} `json:"custom_args"`
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&mail); err != nil || len(mail.Personalizations) != 1 {
		http.Error(w, "bad mail", http.StatusBadRequest)
		return
	}
	to := mail.Personalizations[0]
	if strings.HasPrefix(to.To[0].Email, "bounced") {
		http.Error(w, `{"errors":[{"message":"suppressed"}]}`, http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	m.taken[to.CustomArgs.ID]++
	m.mu.Unlock()
	select {
	case <-time.After(m.slow(to.CustomArgs.ID)):
	case <-r.Context().Done():
	}
	w.WriteHeader(http.StatusAccepted)
}

func (m *mailRoom) count(id string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken[id]
}

// mailHouse is a real console over a real database, with a courier to the mail
// room.
type mailHouse struct {
	store   *store.Store
	console *core.Console
	courier *notify.Courier
}

func openMailHouse(ctx context.Context, dir, provider string) (*mailHouse, error) {
	s, err := store.Open(filepath.Join(dir, "breakglass.db"), store.Options{BallastSize: 4 << 10})
	if err != nil {
		return nil, err
	}
	text, err := store.LoadOrCreate(dir, "key", func() ([]byte, error) {
		private, _, err := note.GenerateKey(rand.Reader, "door.example/log")
		return []byte(private), err
	})
	if err != nil {
		return nil, err
	}
	key, err := note.NewSigner(string(text))
	if err != nil {
		return nil, err
	}
	quiet, clock := slog.New(slog.DiscardHandler), newSystemClock()
	console, err := core.Open(ctx, core.Options{
		Ledger: s, Engine: coretest.NewEngine(coretest.Script{}), Vault: coretest.NewVault(), Clock: clock, Random: rand.Reader, Log: quiet,
		Pepper: core.NewSecret(strings.Repeat("p", 32)), Signer: audit.NewSigner(key.Name(), key), Witness: store.NewWitness(filepath.Join(dir, "witness")),
		CheckAddress: notify.CheckAddress, Host: "door.example", Port: 2222,
	})
	if err != nil {
		return nil, err
	}
	mail, err := notify.NewSendGrid(core.NewSecret("key"), "door@webworks.example", provider)
	if err != nil {
		return nil, err
	}
	return &mailHouse{store: s, console: console, courier: notify.New(notify.Options{
		Console: console, Clock: clock, Random: rand.Reader, Log: quiet, Channels: map[core.ContactKind]notify.Channel{core.ContactEmail: mail},
	})}, nil
}

func (h *mailHouse) close() error {
	h.console.Close()
	return h.store.Close()
}

// addShop sets a site up whose steps three addresses are told of.
func (h *mailHouse) addShop(ctx context.Context, emails ...string) error {
	_, err := h.console.AddSite(ctx, core.RootActor, core.SiteOrder{ID: "acme", Root: "/srv/acme", Title: "0", Call: "Eva", Emails: emails})
	return err
}

// beKilled changes a site for ever, prints how far it has promised to have come,
// and sends what that queues; until it is killed. Told to, it only sends what is
// left.
func beKilled(order string) error {
	ctx := context.Background()
	dir, provider, _ := strings.Cut(order, " ")
	drain := strings.HasSuffix(provider, " drain")
	h, err := openMailHouse(ctx, dir, strings.TrimSuffix(provider, " drain"))
	if err != nil {
		return err
	}
	go h.courier.Run(ctx)
	if _, err := h.console.Site(ctx, core.RootActor, "acme"); errors.Is(err, core.ErrNotFound) {
		err = h.addShop(ctx, "jo@acme.example", "mia@acme.example", "kim@acme.example")
		if err != nil {
			return err
		}
	}
	for n := 0; !drain; n++ {
		title := fmt.Sprint(time.Now().UnixNano(), "-", n)
		if _, err := h.console.SetSite(ctx, core.RootActor, "acme", core.SiteChange{Title: &title}); err != nil {
			return err
		}
		fmt.Println(title)
	}
	for {
		left, err := h.console.Pending(ctx)
		if err != nil || len(left) == 0 {
			return errors.Join(err, h.close())
		}
		time.Sleep(20 * time.Millisecond) // a process of its own, on the machine's time
	}
}

// killRound lets a child work until it has promised some steps, kills it in the
// midst of the next ones and returns how many it promised.
func killRound(t *testing.T, order string, steps int, after time.Duration) (promised int) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this very binary
	child.Env = append(os.Environ(), asConsole+"="+order)
	var said bytes.Buffer
	child.Stderr = &said
	out, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if promised++; promised == steps {
			time.AfterFunc(after, func() { _ = child.Process.Kill() }) // SIGKILL; what it printed meanwhile is still read
		}
	}
	err = child.Wait()
	if steps == 0 && err != nil || steps > 0 && promised < steps {
		t.Fatalf("the child ended by itself: %v\n%s", err, said.String())
	}
	return promised
}

// Whenever the console is killed, no message is lost, and none comes twice but
// the ones that were being sent: each at most once more for each time.
func TestNoMessageIsLost(t *testing.T) {
	const rounds = 30
	dir := t.TempDir()
	room := newMailRoom(t, func(string) time.Duration { return time.Duration(mathrand.N(int64(8 * time.Millisecond))) })
	order := dir + " " + room.URL
	again := map[string]int{} // how often a row was found in "sending"
	promised, caught := 0, 0
	for round := range rounds {
		promised += killRound(t, order, 1+round%5, time.Duration(mathrand.N(int64(40*time.Millisecond))))
		for _, m := range outboxOf(t, dir) {
			if m.State == core.MessageSending {
				again[m.ID]++
				caught++
			}
		}
	}
	killRound(t, order+" drain", 0, 0)
	if left := outboxOf(t, dir); len(left) > 0 {
		t.Errorf("%d messages are left", len(left))
	}
	steps, sent := changesOf(t, dir)
	if steps < promised || promised < rounds || caught == 0 {
		t.Errorf("%d steps were promised and %d are logged; %d sends were cut off", promised, steps, caught)
	}
	if len(sent) < 3*steps {
		t.Errorf("%d messages of %d steps to three addresses", len(sent), steps)
	}
	twice := 0
	for _, m := range sent {
		switch n := room.count(m.ID); {
		case m.State != core.MessageAccepted || n == 0:
			t.Errorf("message %s is %s and came %d times", m.ID, m.State, n)
		case n > 1+again[m.ID]:
			t.Errorf("message %s came %d times and was cut off %d times", m.ID, n, again[m.ID])
		case n > 1:
			twice++
		}
	}
	t.Logf("%d kills, %d steps, %d messages, %d cut off, %d came twice", rounds, steps, len(sent), caught, twice)
}

// read looks into a database that nobody holds.
func readStore(t *testing.T, dir string, f func(core.Tx) error) {
	t.Helper()
	s, err := store.Open(filepath.Join(dir, "breakglass.db"), store.Options{BallastSize: 4 << 10})
	check(t, err)
	check(t, errors.Join(s.View(t.Context(), f), s.Close()))
}

func outboxOf(t *testing.T, dir string) (rows []core.Message) {
	t.Helper()
	readStore(t, dir, func(tx core.Tx) error {
		return tx.Outbox().Each("", func(m core.Message) bool { rows = append(rows, m); return true })
	})
	return rows
}

// changesOf counts the steps that were logged and returns the messages that are
// at their end.
func changesOf(t *testing.T, dir string) (steps int, sent []core.Message) {
	t.Helper()
	readStore(t, dir, func(tx core.Tx) error {
		size, err := tx.Log().Size()
		for seq := int64(0); seq < size && err == nil; seq++ {
			var data []byte
			if data, err = tx.Log().Leaf(seq); err == nil && bytes.Contains(data, []byte(`"verb":"site.changed"`)) {
				steps++
			}
		}
		return errors.Join(err, tx.Sent().Each("", func(m core.Message) bool { sent = append(sent, m); return true }))
	})
	return steps, sent
}

// BenchmarkOutbox sends 1,000 messages to a healthy provider by a console over a
// real database, and the same with 50 addresses among them that it refuses and
// that are tried no more; the aim is 10 s each.
func BenchmarkOutbox(b *testing.B) {
	for name, bad := range map[string]int{"healthy": 0, "50 of 1000 refused": 5} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				room := newMailRoom(b, func(string) time.Duration { return 5 * time.Millisecond })
				h, err := openMailHouse(b.Context(), b.TempDir(), room.URL)
				if err != nil {
					b.Fatal(err)
				}
				emails := make([]string, 100)
				for i := range emails {
					emails[i] = fmt.Sprintf("jo%d@acme.example", i)
					if i < bad {
						emails[i] = fmt.Sprintf("bounced%d@acme.example", i)
					}
				}
				fill(b, h, emails)
				ctx, cancel := context.WithCancel(b.Context())
				var done sync.WaitGroup
				b.StartTimer()
				done.Go(func() { h.courier.Run(ctx) })
				for room.answered.Load() < 1000 || wait(b, h) > 0 {
					time.Sleep(10 * time.Millisecond)
				}
				b.StopTimer()
				cancel()
				done.Wait()
				if err := h.close(); err != nil {
					b.Fatal(err)
				}
				if taken := len(room.taken); taken != 1000-10*bad {
					b.Fatalf("%d of 1000 messages were taken", taken)
				}
				b.StartTimer()
			}
		})
	}
}

// fill queues ten steps to a hundred addresses.
func fill(b *testing.B, h *mailHouse, emails []string) {
	b.Helper()
	for step := range 10 {
		err := h.store.Update(b.Context(), func(tx core.Tx) error {
			now := time.Now()
			for i, email := range emails {
				if _, err := tx.Outbox().Put(core.Message{
					ID: fmt.Sprintf("M-%010d-%03d", step, i), State: core.MessageQueued, Event: core.EventSiteChanged, Kind: core.ContactEmail,
					Address: email, Site: "acme", Created: now, Due: now, Expires: now.Add(core.NoticeLife), Data: map[string]string{"host": "door.example", "title": "Acme"},
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func wait(b *testing.B, h *mailHouse) int {
	b.Helper()
	left, err := h.console.Pending(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return len(left)
}

// The notice of a request, as a real console words it, and its picture in the
// docs.
func TestANoticeAsItIsRead(t *testing.T) {
	h, err := openMailHouse(t.Context(), t.TempDir(), "http://127.0.0.1:9")
	check(t, err)
	defer func() { check(t, h.close()) }()
	kit, err := h.console.AddSite(t.Context(), core.RootActor, core.SiteOrder{
		ID: "acme", Root: "/srv/acme", Title: "Acme Bakery", Call: "Eva, +31 20 555 0142", Zone: "Europe/Amsterdam", Emails: []string{"jo@acme.example"},
	})
	check(t, err)
	owner, err := h.console.PassphraseLogin(t.Context(), core.Login{User: "acme", Remote: "198.51.100.9"}, kit.Passphrase)
	check(t, err)
	_, err = h.console.Draft(t.Context(), owner, "the web manager does not answer for a week")
	check(t, err)
	signed, err := h.console.Checkpoint(t.Context())
	check(t, err)
	rows, err := h.console.Pending(t.Context())
	check(t, err)
	for _, m := range rows {
		if m.Event != core.EventRequestDrafted {
			continue
		}
		text, err := notify.Render(m, core.Secret{}, signed)
		check(t, err)
		body := "To: " + m.Address + "\nSubject: \x1b[1m" + text.Subject + "\x1b[0m\n\n" + text.Body.Reveal()
		for _, want := range []string{"asks for access to its backup", "“the web manager does not answer for a week”", "request veto R-", "door.example/log"} {
			if !strings.Contains(body, want) {
				t.Errorf("it lacks %q:\n%s", want, body)
			}
		}
		if *updatePictures {
			check(t, os.WriteFile(filepath.Join("docs", "notice.svg"), []byte(drawSVG(folded(body, 96))), 0o644)) //nolint:gosec // a picture
		}
		return
	}
	t.Error("nobody is told of a request")
}

// folded breaks lines between words, as a mail program does.
func folded(text string, width int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		for len(line) > width {
			at := strings.LastIndexByte(line[:width], ' ')
			if at <= 0 {
				break
			}
			out.WriteString(line[:at] + "\n")
			line = line[at+1:]
		}
		out.WriteString(line)
	}
	return out.String()
}
