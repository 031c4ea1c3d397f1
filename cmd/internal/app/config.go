package app

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/evaluator"
	"github.com/ragline/ragline/consumers/exporter"
	"github.com/ragline/ragline/consumers/packager"
	"github.com/ragline/ragline/consumers/promoter"
	"github.com/ragline/ragline/consumers/sink"
	"github.com/ragline/ragline/consumers/stream"
	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/deploy/embedded/kafka"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/producers/gateway"
	"github.com/ragline/ragline/producers/knowledge"
	"github.com/ragline/ragline/producers/loadgen"
	"github.com/ragline/ragline/producers/mask"
)

// ErrConfig is wrapped by every error about settings: exit code 2, nothing was started.
var ErrConfig = errors.New("wrong settings")

// Config composes the settings of all parts. It has no fields of its own.
type Config struct {
	General            General            `section:"General"`
	Kafka              broker.Config      `section:"Kafka"`
	EmbeddedKafka      kafka.Config       `section:"Embedded broker, started where KAFKA_BROKERS is empty"`
	ClickHouse         warehouse.Config   `section:"ClickHouse"`
	EmbeddedClickHouse EmbeddedClickHouse `section:"Embedded engine, started where CLICKHOUSE_URL is empty"`
	Gateway            gateway.Config     `section:"Gateway"`
	Mask               mask.Config        `section:"Masking of personal data, before it reaches the log"`
	Knowledge          knowledge.Config   `section:"Documents"`
	Agent              agent.Config       `section:"Agent"`
	AgentAPI           api.Config         `section:"Agent's server (LangGraph API)"`
	Evaluator          evaluator.Config   `section:"Evaluator"`
	Dataset            dataset.Config     `section:"Dataset builder"`
	Trainer            trainer.Config     `section:"Trainer"`
	Packager           packager.Config    `section:"Packager of trained models"`
	Promoter           promoter.Config    `section:"Promoter of trained models"`
	Exporter           exporter.Config    `section:"Exporter"`
	Sink               sink.Config        `section:"Sink"`
	Stream             stream.Config      `section:"Runtime of the consumers"`
	Loadgen            loadgen.Config     `section:"Load generator (ragline loadgen)"`
}

// EmbeddedClickHouse says where the embedded engine listens.
type EmbeddedClickHouse struct {
	// Addr is a loopback address.
	Addr string `env:"RAGLINE_CLICKHOUSE_ADDR" envDefault:"127.0.0.1:8123" doc:"Address of the embedded engine's HTTP interface. Requests without a password may only read. Allowed: a loopback address with a port."`
}

// Validate reports an address that is not on this machine.
func (c EmbeddedClickHouse) Validate() error {
	host, _, err := net.SplitHostPort(c.Addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("RAGLINE_CLICKHOUSE_ADDR=%s: allowed is a loopback address with a port, such as 127.0.0.1:8123", c.Addr)
	}
	return nil
}

// Load reads and checks the settings. Its error wraps ErrConfig and names each wrong variable.
func Load(environ map[string]string) (Config, error) {
	var cfg Config
	if err := parse(&cfg, environ); err != nil {
		return cfg, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := cfg.complete(environ); err != nil {
		return cfg, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := cfg.validate(); err != nil {
		return cfg, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return cfg, nil
}

// complete fills what depends on other settings.
func (c *Config) complete(environ map[string]string) error {
	if c.General.DataDir == "" {
		dir, err := defaultDataDir(environ)
		if err != nil {
			return err
		}
		c.General.DataDir = dir
	}
	dir, err := filepath.Abs(c.General.DataDir)
	if err != nil {
		return fmt.Errorf("RAGLINE_DATA_DIR=%s: %w", c.General.DataDir, err)
	}
	c.General.DataDir = dir
	c.EmbeddedKafka.DataDir = filepath.Join(dir, "kafka")
	if c.Agent.DB == "" {
		c.Agent.DB = filepath.Join(dir, "agent.db")
	}
	if c.Dataset.Dir == "" {
		c.Dataset.Dir = filepath.Join(dir, "datasets")
	}
	if c.Trainer.Dir == "" {
		c.Trainer.Dir = filepath.Join(dir, "training")
	}
	if c.Packager.Dir == "" {
		c.Packager.Dir = filepath.Join(dir, "models")
	}
	c.Promoter.Model, c.Promoter.Ollama = c.Trainer.Series, c.Packager.OllamaHost
	c.Agent.LLM.Series, c.Agent.LLM.Ollama = c.Trainer.Series, c.Packager.OllamaHost
	return nil
}

// validate asks every part, and joins what they say.
func (c Config) validate() error {
	var problems []error
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		part := v.Field(i).Interface()
		if w, ok := part.(warehouse.Config); ok && w.URL == "" {
			w.URL = c.AnalystConfig().URL // the embedded engine's address is made later
			part = w
		}
		if checked, ok := part.(interface{ Validate() error }); ok {
			if err := checked.Validate(); err != nil {
				problems = append(problems, err)
			}
		}
	}
	return errors.Join(problems...)
}

// KafkaConfig is the way to Kafka: the address that is set, or else the embedded broker's.
func (c Config) KafkaConfig() broker.Config {
	k := c.Kafka
	if len(k.Brokers) == 0 {
		k.Brokers = []string{c.EmbeddedKafka.Addr}
	}
	return k
}

// ClickHouseConfig is the way to ClickHouse: the address that is set, or else the embedded engine's as its owner.
func (c Config) ClickHouseConfig() (warehouse.Config, error) {
	w := c.ClickHouse
	if w.URL != "" {
		return w, nil
	}
	owner, err := token(c.General.DataDir)
	if err != nil {
		return w, err
	}
	w.URL = c.ownerURL(owner)
	return w, nil
}

// AnalystConfig is ClickHouseConfig without the right to write, where the embedded engine serves.
func (c Config) AnalystConfig() warehouse.Config {
	w := c.ClickHouse
	if w.URL == "" {
		w.URL = "http://analyst@" + c.EmbeddedClickHouse.Addr + "/ragline"
	}
	return w
}

func (c Config) ownerURL(owner string) string {
	return "http://default:" + owner + "@" + c.EmbeddedClickHouse.Addr + "/ragline"
}

// Warning is about a setting that is legal but odd.
type Warning struct{ Message, Explain string }

// Warnings lists what deserves a look.
func Warnings(c Config, environ map[string]string) []Warning {
	var all []Warning
	for _, name := range unknown(reflect.TypeFor[Config](), environ) {
		all = append(all, Warning{name + " is not a setting", "It has no effect. `ragline config show` lists the settings; is it misspelt?"})
	}
	if len(c.Kafka.Brokers) > 0 && c.ClickHouse.URL == "" {
		all = append(all, Warning{"KAFKA_BROKERS is set and CLICKHOUSE_URL is not", "The embedded engine stores what your Kafka holds. That works, but its data is on this machine only."})
	}
	if c.Gateway.Exposed() {
		all = append(all, Warning{"RAGLINE_GATEWAY_ADDR=" + c.Gateway.Addr + otlpAddr(c.Gateway.OTLPGRPCAddr) + " without RAGLINE_GATEWAY_API_KEYS", "Whoever reaches the port may ask, ingest and decide reviews. Set keys, or listen on 127.0.0.1."})
	}
	return all
}

// otlpAddr names the second address of the gateway where it has one.
func otlpAddr(addr string) string {
	if addr == "" {
		return ""
	}
	return ", RAGLINE_GATEWAY_OTLP_GRPC_ADDR=" + addr
}

// Value is a setting with the value in force.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Doc   string `json:"doc"`
}

// Show lists the settings with their values. Secrets are hidden.
func Show(c Config) []Value { return show(reflect.ValueOf(c)) }

func show(v reflect.Value) []Value {
	var all []Value
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		switch {
		case name != "":
			all = append(all, Value{name, reveal(f, v.Field(i)), f.Tag.Get("doc")})
		case f.Type.Kind() == reflect.Struct && f.IsExported():
			all = append(all, show(v.Field(i))...)
		}
	}
	return all
}

func reveal(f reflect.StructField, v reflect.Value) string {
	text := fmt.Sprint(v.Interface())
	if list, ok := v.Interface().([]string); ok {
		text = strings.Join(list, ",")
	}
	if text != "" && (f.Tag.Get("secret") == "true" || strings.Contains(f.Tag.Get("env"), "URL") && strings.Contains(text, "@")) {
		return "(hidden)"
	}
	return text
}
