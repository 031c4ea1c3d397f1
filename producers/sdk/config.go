package sdk

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/mask"
	"github.com/ragline/ragline/schemas/event"
)

// Config says where Kafka is and how the events of this application are labeled. Only Kafka.Brokers is required.
type Config struct {
	// Kafka says how to reach the log. WithBroker replaces it.
	Kafka broker.Config
	// Tenant owns the events, and only answers to the same tenant are seen. Defaults to "default".
	Tenant string `env:"RAGLINE_TENANT" envDefault:"default" doc:"Tenant of the events that are published, one word."`
	// Source says who publishes (ce_source). Defaults to "app".
	Source string `env:"RAGLINE_SOURCE" envDefault:"app" doc:"Name of the publishing application, as it appears on every event. Without spaces."`
	// Environment is the deployment environment that is copied onto every event of a conversation. Defaults to none.
	Environment string `env:"RAGLINE_ENVIRONMENT" doc:"Deployment environment of the application. Allowed: empty, or lower-case letters, digits, - and _."`
	// RecentAnswers is how many questions and answers Recent remembers. Defaults to 1000.
	RecentAnswers int `env:"RAGLINE_SDK_RECENT_ANSWERS" envDefault:"1000" doc:"Questions and answers that a client remembers, within 64 MiB. Allowed: 1 to 1000000."`
	// Mask says which personal data is replaced before an event leaves this process. Defaults to none.
	Mask mask.Config
}

var environmentPattern = regexp.MustCompile(`^[a-z0-9_-]{0,40}$`)

// FromEnv returns the configuration that the environment variables of the process ask for.
func FromEnv() (Config, error) {
	cfg, err := env.ParseAs[Config]()
	if err != nil {
		return Config{}, fmt.Errorf("reading the environment: %w", err)
	}
	return cfg, cfg.Validate()
}

// Validate reports the first setting that cannot work. Empty settings stand for their defaults.
func (c Config) Validate() error {
	c, err := c.withDefaults()
	if err != nil {
		return err
	}
	if err := c.Kafka.Validate(); err != nil {
		return err
	}
	if err := c.Mask.Validate(); err != nil {
		return err
	}
	for name, value := range map[string]string{"RAGLINE_TENANT": c.Tenant, "RAGLINE_SOURCE": c.Source} {
		if strings.ContainsAny(value, " \t\r\n") || len(value) > 200 {
			return fmt.Errorf("%s=%q: allowed is one word of at most 200 bytes", name, value)
		}
	}
	if !environmentPattern.MatchString(c.Environment) {
		return fmt.Errorf("RAGLINE_ENVIRONMENT=%q: allowed are at most 40 lower-case letters, digits, - and _", c.Environment)
	}
	if c.RecentAnswers < 0 || c.RecentAnswers > 1_000_000 {
		return fmt.Errorf("RAGLINE_SDK_RECENT_ANSWERS=%d: allowed are 1 to 1000000", c.RecentAnswers)
	}
	return nil
}

// withDefaults fills empty settings from the tags, so that a Config written in Go needs the addresses only.
func (c Config) withDefaults() (Config, error) {
	var standard Config
	if err := env.ParseWithOptions(&standard, env.Options{Environment: map[string]string{}}); err != nil {
		return c, fmt.Errorf("reading the defaults: %w", err)
	}
	if c.Tenant == "" {
		c.Tenant = event.DefaultTenant
	}
	if c.Source == "" {
		c.Source = standard.Source
	}
	if c.RecentAnswers == 0 {
		c.RecentAnswers = standard.RecentAnswers
	}
	if c.Kafka.ReplicationFactor == 0 {
		c.Kafka.ReplicationFactor = standard.Kafka.ReplicationFactor
	}
	return c, nil
}
