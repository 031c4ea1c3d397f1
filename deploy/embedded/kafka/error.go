package kafka

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/ragline/ragline/deploy/embedded/child"
)

// AddrInUseError says that another program listens where the broker should.
type AddrInUseError struct{ Addr string }

func (e *AddrInUseError) Error() string {
	return fmt.Sprintf("RAGLINE_KAFKA_ADDR=%s: another program listens there. "+
		"Set RAGLINE_KAFKA_ADDR to a free port, for example 127.0.0.1:19092; "+
		"or, if that program is a Kafka to be used, set KAFKA_BROKERS=%s", e.Addr, e.Addr)
}

// DataDirInUseError says that another broker serves the same directory.
type DataDirInUseError struct {
	Dir string
	PID int // 0 when unknown
}

func (e *DataDirInUseError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("data directory %s is used by %s: stop the other ragline first, or give this one a directory of its own", e.Dir, holder)
}

func explainLock(dir string, err error) error {
	var locked *child.LockedError
	if errors.As(err, &locked) {
		return &DataDirInUseError{Dir: dir, PID: locked.PID}
	}
	return fmt.Errorf("locking data directory: %w", err)
}

func explainListen(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return &AddrInUseError{Addr: addr}
	}
	return fmt.Errorf("listening on RAGLINE_KAFKA_ADDR=%s: %w", addr, err)
}

// checkFree reports whether the port can be had. Port 0 always can.
func checkFree(port int) error {
	addr := loopback(port)
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return explainListen(addr, err)
	}
	return ln.Close()
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
