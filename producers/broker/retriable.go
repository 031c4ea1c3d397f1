package broker

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// followMaxWait bounds how long a fetch waits for new records, which bounds how long Close takes.
const followMaxWait = 500 * time.Millisecond

// followQuiet is how long Follow waits for records before it asks the leaders whether there are any.
const followQuiet = 3 * time.Second

// kerrRetriable says whether an error of a fetch may heal by itself: a broker on its way up or down.
func kerrRetriable(err error) bool {
	var network net.Error
	// A broker that goes down closes its connections.
	return kerr.IsRetriable(err) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, kerr.UnknownTopicID)
}
