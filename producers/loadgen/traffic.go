package loadgen

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ragline/ragline/schemas/event"
)

// Source is the ce_source of synthetic events.
const Source = "ragline/loadgen"

// spansPerTrace is the shape of a trace: retrieval, tool, model, and the agent around them.
const spansPerTrace = 4

// Traffic is a sequence of events. It is not safe for concurrent use.
type Traffic struct {
	cfg       Config
	questions []string
	rng       *rand.Rand
	threads   []string
	made      int
	left      [3]int // queries, interactions, spans
	trace     trace
}

// New returns the traffic of cfg. questions replace the built-in ones; it may be empty.
func New(cfg Config, questions []string) (*Traffic, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t := &Traffic{
		cfg: cfg, questions: questions,
		rng:  rand.New(rand.NewPCG(cfg.Seed, 0x7261676c696e65)), // #nosec G404 -- repeatable on purpose
		left: [3]int{cfg.Queries, cfg.Interactions, cfg.Spans},
	}
	if len(t.questions) == 0 {
		for _, f := range facts {
			t.questions = append(t.questions, f.question)
		}
	}
	for range min(cfg.Threads, max(cfg.Queries+cfg.Interactions, 1)) {
		t.threads = append(t.threads, t.id(cfg.Start))
	}
	return t, nil
}

// Next returns the next event, or false at the end. The kinds are mixed in proportion.
func (t *Traffic) Next() (event.Event, bool) {
	total := t.left[0] + t.left[1] + t.left[2]
	if total == 0 {
		return event.Event{}, false
	}
	at := t.now()
	var m proto.Message
	switch pick := t.rng.IntN(total); {
	case pick < t.left[0]:
		t.left[0]--
		m = t.query()
	case pick < t.left[0]+t.left[1]:
		t.left[1]--
		m = t.interaction()
	default:
		t.left[2]--
		m = t.span(at)
	}
	t.made++
	return event.Event{ID: t.id(at), Type: event.TypeOf(m), Source: Source, Tenant: t.cfg.Tenant, Time: at, Data: m}, true
}

func (t *Traffic) batch(n int) []event.Event {
	events := make([]event.Event, 0, n)
	for len(events) < n {
		e, ok := t.Next()
		if !ok {
			break
		}
		events = append(events, e)
	}
	return events
}

// now is the time of the next event: by the rate, or a millisecond after the one before.
func (t *Traffic) now() time.Time {
	step := time.Millisecond
	if t.cfg.Rate > 0 {
		step = time.Duration(float64(time.Second) / t.cfg.Rate)
	}
	return t.cfg.Start.UTC().Add(time.Duration(t.made) * step)
}

// id is a UUIDv7 of a time whose random bits come from the seed.
func (t *Traffic) id(at time.Time) string {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(at.UnixMilli())<<16|uint64(t.rng.Uint32()>>16)) // #nosec G115 -- after 1970
	binary.BigEndian.PutUint64(u[8:], t.rng.Uint64())
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// hexID is a W3C trace or span id.
func (t *Traffic) hexID(bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(t.rng.Uint32())
	}
	b[0] |= 1 // never all zero
	return hex.EncodeToString(b)
}

func (t *Traffic) thread() string { return t.threads[t.rng.IntN(len(t.threads))] }

func (t *Traffic) origin() *event.Origin {
	user := t.rng.IntN(max(len(t.threads)/2, 1))
	return &event.Origin{
		UserId: fmt.Sprintf("user-%d", user), SessionId: fmt.Sprintf("session-%d", t.rng.IntN(len(t.threads))),
		Environment: "synthetic", Tags: []string{[]string{"web", "mobile", "partner"}[user%3]},
	}
}

// pad makes a text at least as long as the configuration asks for.
func (t *Traffic) pad(text string) string {
	if missing := t.cfg.TextBytes - len(text); missing > 0 {
		const filler = " The rest of this passage is padding of a realistic length."
		return text + strings.Repeat(filler, missing/len(filler)+1)[:missing]
	}
	return text
}
