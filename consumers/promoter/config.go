package promoter

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/ragline/ragline/consumers/internal/registry"
)

// Config of the promoter.
type Config struct {
	// Model is the series, Ollama the address of the server: settings that others own, too.
	Model, Ollama string
	// NotWorse is asked of each measure.
	NotWorse float64 `env:"RAGLINE_PROMOTER_NOT_WORSE" envDefault:"0.2" doc:"Share of bootstrap samples in which a candidate has to tie or beat the model that answers, for each measure. 0.5 asks for a win, 0.2 lets noise pass. Allowed: 0 to 1."`
	// MaxLoss bounds what NotWorse lets pass.
	MaxLoss float64 `env:"RAGLINE_PROMOTER_MAX_LOSS" envDefault:"0.05" doc:"Largest loss of a measure's mean against the model that answers, whatever the samples say. Allowed: 0 to 1."`
	// Floor is asked of the first model of a series.
	Floor float64 `env:"RAGLINE_PROMOTER_FLOOR" envDefault:"0.7" doc:"Mean of the measures that the first model of a series has to reach, where there is none to compare with. Allowed: 0 to 1."`
	// MaxTokens bounds an answer.
	MaxTokens int `env:"RAGLINE_PROMOTER_MAX_TOKENS" envDefault:"512" doc:"Most tokens of an answer to a held-out question. Allowed: 1 to 100000."`
	// Timeout of one answer.
	Timeout time.Duration `env:"RAGLINE_PROMOTER_TIMEOUT" envDefault:"5m" doc:"Longest duration of one answer to a held-out question. Allowed: 1s to 1h."`
	// Patience is how long nothing must happen before the log says what is waited for.
	Patience time.Duration `env:"RAGLINE_PROMOTER_PATIENCE" envDefault:"2m" doc:"Time without a new score after which the log says what the promoter waits for. It goes on waiting. Allowed: 1s to 24h."`
	// Attempts at a question that Ollama refuses to answer.
	Attempts int `env:"RAGLINE_PROMOTER_ATTEMPTS" envDefault:"5" doc:"Tries of a held-out question that Ollama answers with an error, before the candidate is rejected. Ollama being away is no try. Allowed: 1 to 100."`
}

// Sentinels of this package.
var (
	ErrUnknown    = registry.ErrUnknown
	ErrNotServed  = errors.New("the version was never packaged for a server")
	ErrNotProven  = errors.New("nobody has shown that the server asks the version with the prompts of its training")
	ErrAnswers    = errors.New("the version already answers")
	ErrNoneBefore = errors.New("no version answered before")
	ErrNoReason   = errors.New("a reason is required: it is kept with the decision")
)

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if !namePattern.MatchString(c.Model) {
		return fmt.Errorf("RAGLINE_MODEL_SERIES=%q: allowed are up to 63 lower-case letters, digits, - and _", c.Model)
	}
	for _, v := range []struct {
		name  string
		value float64
	}{{"NOT_WORSE", c.NotWorse}, {"MAX_LOSS", c.MaxLoss}, {"FLOOR", c.Floor}} {
		if !(v.value >= 0 && v.value <= 1) {
			return fmt.Errorf("RAGLINE_PROMOTER_%s=%g: allowed are 0 to 1", v.name, v.value)
		}
	}
	if c.MaxTokens < 1 || c.MaxTokens > 100_000 {
		return fmt.Errorf("RAGLINE_PROMOTER_MAX_TOKENS=%d: allowed are 1 to 100000", c.MaxTokens)
	}
	if c.Timeout < time.Second || c.Timeout > time.Hour {
		return fmt.Errorf("RAGLINE_PROMOTER_TIMEOUT=%s: allowed are 1s to 1h", c.Timeout)
	}
	if c.Patience < time.Second || c.Patience > 24*time.Hour {
		return fmt.Errorf("RAGLINE_PROMOTER_PATIENCE=%s: allowed are 1s to 24h", c.Patience)
	}
	if c.Attempts < 1 || c.Attempts > 100 {
		return fmt.Errorf("RAGLINE_PROMOTER_ATTEMPTS=%d: allowed are 1 to 100", c.Attempts)
	}
	return nil
}
