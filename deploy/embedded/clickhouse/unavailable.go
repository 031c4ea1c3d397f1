package clickhouse

import "errors"

// ErrUnavailable matches every [UnavailableError].
var ErrUnavailable = errors.New("no ClickHouse engine on this machine")

// UnavailableError says why no engine can run here and what to do about it.
type UnavailableError struct {
	Reason string
	Remedy string
}

func (e *UnavailableError) Error() string {
	return ErrUnavailable.Error() + ": " + e.Reason + "; " + e.Remedy
}

// Is makes errors.Is(err, ErrUnavailable) true.
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

// useServer closes every remedy: a URL of a real server always works.
const useServer = "or put a clickhouse binary on the PATH, or give ragline the URL of a ClickHouse server"
