package langfuse

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Ways to send spans, and scores.
const (
	ModeOTLP   = "otlp"
	ModeLegacy = "legacy"

	ScoresAPI       = "api"
	ScoresIngestion = "ingestion"
)

// Config says where LangFuse is.
type Config struct {
	// Host is the server's base URL.
	Host string `env:"LANGFUSE_HOST" envDefault:"https://cloud.langfuse.com" doc:"Base URL of LangFuse. Allowed: http and https URLs."`
	// PublicKey and SecretKey are those of a project.
	PublicKey string `env:"LANGFUSE_PUBLIC_KEY" doc:"Public key of the LangFuse project."`
	SecretKey string `env:"LANGFUSE_SECRET_KEY" doc:"Secret key of the LangFuse project." secret:"true"`
	// Mode is how spans travel.
	Mode string `env:"RAGLINE_LANGFUSE_MODE" envDefault:"otlp" doc:"How spans travel to LangFuse: otlp for v3.22 and later, v4 and the cloud; legacy (the ingestion API) for older v2 and v3 servers. Allowed: otlp, legacy."`
	// Scores is how scores and feedback travel.
	Scores string `env:"RAGLINE_LANGFUSE_SCORES" envDefault:"api" doc:"How scores and feedback travel to LangFuse: api (POST /api/public/scores, stamped by the server) or ingestion (score-create with the original time, for replays of history). Mode legacy always takes ingestion. Allowed: api, ingestion."`
	// Timeout bounds one request.
	Timeout time.Duration `env:"RAGLINE_LANGFUSE_TIMEOUT" envDefault:"10s" doc:"Time for one request to LangFuse. Allowed: 1ms to 10m."`
	// Shows is how long LangFuse may take to show what it took.
	Shows time.Duration `env:"RAGLINE_LANGFUSE_SHOWS" envDefault:"30s" doc:"Time within which LangFuse shows a span that it took. After a crash a span that is not shown by then is sent again. Allowed: 0s to 1h."`
	// Content lets texts leave.
	Content bool `env:"RAGLINE_LANGFUSE_CONTENT" envDefault:"true" doc:"Send questions, answers, tool arguments, explanations and comments to LangFuse too. Allowed: true, false."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	u, err := url.Parse(c.Host)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("LANGFUSE_HOST=%s: not an http or https URL", c.Host)
	}
	switch {
	case c.PublicKey == "":
		return errors.New("LANGFUSE_PUBLIC_KEY is empty: take it from the settings of the LangFuse project")
	case c.SecretKey == "":
		return errors.New("LANGFUSE_SECRET_KEY is empty: take it from the settings of the LangFuse project")
	case c.Mode != ModeOTLP && c.Mode != ModeLegacy:
		return fmt.Errorf("RAGLINE_LANGFUSE_MODE=%s: allowed are %s and %s", c.Mode, ModeOTLP, ModeLegacy)
	case c.Scores != ScoresAPI && c.Scores != ScoresIngestion:
		return fmt.Errorf("RAGLINE_LANGFUSE_SCORES=%s: allowed are %s and %s", c.Scores, ScoresAPI, ScoresIngestion)
	case c.Timeout < time.Millisecond || c.Timeout > 10*time.Minute:
		return fmt.Errorf("RAGLINE_LANGFUSE_TIMEOUT=%s: allowed are 1ms to 10m", c.Timeout)
	case c.Shows < 0 || c.Shows > time.Hour:
		return fmt.Errorf("RAGLINE_LANGFUSE_SHOWS=%s: allowed are 0s to 1h", c.Shows)
	}
	return nil
}

func (c Config) url(path string) string { return strings.TrimSuffix(c.Host, "/") + path }
