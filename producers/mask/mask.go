package mask

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// Version names the recognisers. It changes with every change of what they find.
const Version = "mask-2"

// Masker masks events. New returns one; it is safe for concurrent use. A nil Masker masks nothing.
type Masker struct {
	cfg   Config
	kinds [kindCount]bool
	key   []byte
}

// New checks the configuration. It returns nil where no field is to be masked.
func New(cfg Config) (*Masker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(cfg.fields(), func(f field) bool { return f.mode.active() }) {
		return nil, nil //nolint:nilnil // a nil Masker is a masker that is off
	}
	m := &Masker{cfg: cfg, key: []byte(cfg.Key)}
	kinds := cfg.Kinds
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	for _, k := range kinds {
		m.kinds[k.index()] = true
	}
	return m, nil
}

// JSON masks a JSON text that takes the place of a question, as the setting of queries says. It stays JSON.
func (m *Masker) JSON(raw []byte) []byte {
	if m == nil || len(raw) == 0 || !m.cfg.Queries.active() {
		return raw
	}
	return []byte(m.masked(unescape(string(raw)), m.cfg.Queries, true))
}

// text replaces what the recognisers find.
func (m *Masker) text(s string, mode Mode) string {
	if !mode.active() {
		return s
	}
	isJSON := looksJSON(s)
	if isJSON && escapes(s) && json.Valid([]byte(s)) {
		s = unescape(s)
	}
	return m.masked(s, mode, isJSON)
}

func (m *Masker) masked(s string, mode Mode, isJSON bool) string {
	found := find(s, m.kinds)
	if len(found) == 0 {
		return s
	}
	var (
		b      strings.Builder
		last   int
		quoted bool
	)
	b.Grow(len(s))
	for _, f := range found {
		mark := m.mark(f.Kind, s[f.Start:f.End], mode)
		if isJSON && !inString(s[last:f.Start], quoted) {
			if from, to := literal(s, f); from >= last {
				f.Start, f.End, mark = from, to, `"`+mark+`"` // a number of a JSON text becomes a string of it
			}
		}
		between := s[last:f.Start]
		b.WriteString(between)
		quoted = inString(between, quoted)
		b.WriteString(mark)
		last = f.End
	}
	b.WriteString(s[last:])
	return b.String()
}

// mark stands for what was found. The letter before the digits keeps a mark from being taken for a number.
func (m *Masker) mark(k Kind, value string, mode Mode) string {
	name := strings.ToUpper(string(k))
	if mode == Mask {
		return "[" + name + "]"
	}
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(string(k) + "\x00" + canonical(k, value)))
	return "[" + name + ":h" + hex.EncodeToString(mac.Sum(nil)[:8]) + "]"
}

// canonical makes the ways to write one value equal.
func canonical(k Kind, value string) string {
	switch k {
	case Email:
		return strings.ToLower(value)
	case Phone, Card:
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.TrimPrefix(value, "00"))
	case IBAN:
		return strings.ToUpper(strings.ReplaceAll(value, " ", ""))
	default:
		return value
	}
}
