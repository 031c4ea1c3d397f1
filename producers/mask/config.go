package mask

import (
	"fmt"
	"slices"
	"strings"
)

// Mode is what happens to personal data in a field.
type Mode string

// Modes of a field.
const (
	// Off leaves the field as it is.
	Off Mode = "off"
	// Mask puts the kind in its place.
	Mask Mode = "mask"
	// Hash puts the kind and a keyed hash in its place.
	Hash Mode = "hash"
)

// Config says what is masked in which field of which event. The zero value masks nothing.
type Config struct {
	// Queries covers the question and the metadata of query.asked.
	Queries Mode `env:"RAGLINE_MASK_QUERIES" envDefault:"off" doc:"Personal data in questions and their metadata. Tools then see the marks too. Allowed: off, mask, hash."`
	// SpanInput covers the input of span.ended.
	SpanInput Mode `env:"RAGLINE_MASK_SPAN_INPUT" envDefault:"off" doc:"Personal data in the input of spans. Allowed: off, mask, hash."`
	// SpanOutput covers the output of span.ended.
	SpanOutput Mode `env:"RAGLINE_MASK_SPAN_OUTPUT" envDefault:"off" doc:"Personal data in the output of spans. Allowed: off, mask, hash."`
	// SpanAttributes covers the attributes, events and status message of span.ended.
	SpanAttributes Mode `env:"RAGLINE_MASK_SPAN_ATTRIBUTES" envDefault:"off" doc:"Personal data in attributes, events and status messages of spans. Allowed: off, mask, hash."`
	// Interactions covers question, answer, reference answer and sources of interaction.captured.
	Interactions Mode `env:"RAGLINE_MASK_INTERACTIONS" envDefault:"off" doc:"Personal data in captured questions, answers and sources. Allowed: off, mask, hash."`
	// Feedback covers the comment and the corrected answer of feedback.given, and the explanation of score.given.
	Feedback Mode `env:"RAGLINE_MASK_FEEDBACK" envDefault:"off" doc:"Personal data in comments, corrected answers and explanations of scores. Allowed: off, mask, hash."`
	// Documents covers the text of document.changed.
	Documents Mode `env:"RAGLINE_MASK_DOCUMENTS" envDefault:"off" doc:"Personal data in documents that come by the gateway or the SDK; ragline ingest reads files as they are. What is masked here cannot be answered with: a support address, for example. Allowed: off, mask, hash."`
	// Kinds are the recognisers in use. Empty: all.
	Kinds []Kind `env:"RAGLINE_MASK_KINDS" envDefault:"email,phone,card,iban,secret" doc:"What is recognised, separated by commas. Allowed: email, phone, card, iban, secret."`
	// Key of the hashes.
	Key string `env:"RAGLINE_MASK_KEY" doc:"Key of the hashes, at least 16 bytes, for the mode hash. A new key gives new hashes." secret:"true"`
}

// minKeyBytes keeps the values of hashes out of reach of guessing: there are few telephone numbers.
const minKeyBytes = 16

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	for _, f := range c.fields() {
		switch f.mode {
		case "", Off, Mask:
		case Hash:
			if len(c.Key) < minKeyBytes {
				return fmt.Errorf("RAGLINE_MASK_KEY is shorter than %d bytes: %s=hash needs it", minKeyBytes, f.name)
			}
		default:
			return fmt.Errorf("%s=%s: allowed are off, mask and hash", f.name, f.mode)
		}
	}
	for _, k := range c.Kinds {
		if !slices.Contains(Kinds(), k) {
			return fmt.Errorf("RAGLINE_MASK_KINDS: %q is not one of email, phone, card, iban, secret", string(k))
		}
	}
	return nil
}

type field struct {
	name string
	mode Mode
}

func (c Config) fields() []field {
	return []field{
		{"RAGLINE_MASK_QUERIES", c.Queries},
		{"RAGLINE_MASK_SPAN_INPUT", c.SpanInput},
		{"RAGLINE_MASK_SPAN_OUTPUT", c.SpanOutput},
		{"RAGLINE_MASK_SPAN_ATTRIBUTES", c.SpanAttributes},
		{"RAGLINE_MASK_INTERACTIONS", c.Interactions},
		{"RAGLINE_MASK_FEEDBACK", c.Feedback},
		{"RAGLINE_MASK_DOCUMENTS", c.Documents},
	}
}

// active says whether a mode changes anything.
func (m Mode) active() bool { return m == Mask || m == Hash }

// UnmarshalText takes a kind in any case, as people write it into settings.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = Kind(strings.ToLower(strings.TrimSpace(string(text))))
	return nil
}
