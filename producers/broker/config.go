package broker

import (
	"fmt"
	"net"
	"os"
	"strings"
)

// Config says how to reach Kafka.
type Config struct {
	// Brokers are the bootstrap addresses.
	Brokers []string `env:"KAFKA_BROKERS" doc:"Bootstrap addresses of Kafka, host:port, separated by commas. Empty: ragline up starts the embedded broker."`
	// TLS encrypts the connections. Defaults to off.
	TLS bool `env:"KAFKA_TLS" envDefault:"false" doc:"Encrypt connections to Kafka. Allowed: true, false."`
	// TLSCAFile verifies the brokers. Defaults to the system's roots.
	TLSCAFile string `env:"KAFKA_TLS_CA_FILE" doc:"PEM file of the authority that signed the brokers' certificates. Empty: the system's roots."`
	// TLSCertFile and TLSKeyFile identify this client for mutual TLS.
	TLSCertFile string `env:"KAFKA_TLS_CERT_FILE" doc:"PEM file of the client certificate for mutual TLS."`
	TLSKeyFile  string `env:"KAFKA_TLS_KEY_FILE" doc:"PEM file of the client key for mutual TLS."`
	// SASLMechanism authenticates. Defaults to none.
	SASLMechanism string `env:"KAFKA_SASL_MECHANISM" doc:"Allowed: empty, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512."`
	SASLUser      string `env:"KAFKA_SASL_USER" doc:"User name for SASL."`
	SASLPassword  string `env:"KAFKA_SASL_PASSWORD" doc:"Password for SASL." secret:"true"`
	// ReplicationFactor of topics that ragline creates. -1 lets the broker choose.
	ReplicationFactor int16 `env:"KAFKA_REPLICATION_FACTOR" envDefault:"-1" doc:"Replicas of topics that ragline creates. Allowed: -1 (the broker's default) or 1 to 9."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	for _, b := range c.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			return fmt.Errorf("KAFKA_BROKERS=%s: %q is not host:port", strings.Join(c.Brokers, ","), b)
		}
	}
	switch c.SASLMechanism {
	case "", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
	default:
		return fmt.Errorf("KAFKA_SASL_MECHANISM=%s: allowed are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or empty", c.SASLMechanism)
	}
	if c.SASLMechanism != "" && c.SASLUser == "" {
		return fmt.Errorf("KAFKA_SASL_USER is empty: %s needs a user", c.SASLMechanism)
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		return fmt.Errorf("KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE go together: set both or none")
	}
	for name, file := range map[string]string{"KAFKA_TLS_CA_FILE": c.TLSCAFile, "KAFKA_TLS_CERT_FILE": c.TLSCertFile, "KAFKA_TLS_KEY_FILE": c.TLSKeyFile} {
		if file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("%s=%s: %w", name, file, err)
		}
	}
	if c.ReplicationFactor != -1 && (c.ReplicationFactor < 1 || c.ReplicationFactor > 9) {
		return fmt.Errorf("KAFKA_REPLICATION_FACTOR=%d: allowed are -1 or 1 to 9", c.ReplicationFactor)
	}
	return nil
}
