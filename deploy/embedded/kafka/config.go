package kafka

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Config says where the embedded broker keeps its log and where it listens.
type Config struct {
	// Addr is where the broker listens. Port 0 takes a free port and keeps it across restarts.
	Addr string `env:"RAGLINE_KAFKA_ADDR" envDefault:"127.0.0.1:9092" doc:"Address of the embedded broker, host:port. It has no accounts, so only this machine may reach it. Allowed hosts: 127.0.0.1, localhost."`

	// DataDir holds the log. One process at a time. Required.
	DataDir string

	// Executable is the program whose main calls Main. Defaults to the running program.
	Executable string

	// Args select Main in Executable; Start appends --data-dir=DIR and --addr=HOST:PORT.
	// Defaults to the one argument "broker".
	Args []string

	// Env is the program's whole environment. Defaults to the parent's.
	Env []string

	// LockWait is how long Start waits for a broker of an earlier run to let go of DataDir. Defaults to 10 s.
	LockWait time.Duration
}

var (
	errNoDataDir = errors.New("kafka: DataDir is required")
	errNoLogger  = errors.New("kafka: a logger is required")
)

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if c.DataDir == "" {
		return errNoDataDir
	}
	_, err := portOf(c.Addr)
	return err
}

// portOf returns the port of a loopback address.
func portOf(addr string) (int, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, fmt.Errorf("RAGLINE_KAFKA_ADDR=%s: not host:port", addr)
	}
	if host != "127.0.0.1" && host != "localhost" {
		return 0, fmt.Errorf("RAGLINE_KAFKA_ADDR=%s: the embedded broker has no accounts, so allowed hosts are 127.0.0.1 and localhost", addr)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("RAGLINE_KAFKA_ADDR=%s: allowed ports are 0 to 65535", addr)
	}
	return int(port), nil
}
