package ollama

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

const defaultPort = "11434"

// Sentinels of this package.
var (
	ErrUnreachable = errors.New("Ollama does not answer")
	ErrNotFound    = errors.New("Ollama has no such model")
	ErrDiskFull    = errors.New("Ollama's disk is full")
	// ErrLost is what a create ends with when another model that has the same files is deleted meanwhile.
	ErrLost       = errors.New("Ollama lost a file that it was using; try again")
	ErrRefused    = errors.New("Ollama refuses")
	ErrUnfinished = errors.New("Ollama ended its answer without saying success")
	ErrUnsafe     = errors.New("not sent to Ollama, it would go wrong there without a word")
)

// Client reaches one Ollama.
type Client struct {
	base *url.URL
	http *http.Client
}

// New returns a client for OLLAMA_HOST in any of the forms that Ollama itself accepts. It sends nothing.
func New(host string) (*Client, error) {
	base, err := parseHost(host)
	if err != nil {
		return nil, err
	}
	// No timeout of its own: a create takes minutes, and every call has a context.
	return &Client{base: base, http: &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 2}}}, nil
}

// Close gives idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Host is where the client sends to.
func (c *Client) Host() string { return c.base.String() }

func parseHost(host string) (*url.URL, error) {
	text := strings.TrimSpace(host)
	if text == "" {
		text = "127.0.0.1"
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("OLLAMA_HOST=%q: allowed are host, host:port and http(s) URLs", host)
	}
	name, port := u.Hostname(), u.Port()
	if name == "" || name == "0.0.0.0" || name == "::" {
		name = "127.0.0.1" // where a server listens on all addresses, that is where it is asked
	}
	if port == "" {
		port = map[string]string{"http": defaultPort, "https": "443"}[u.Scheme]
	}
	return &url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(name, port), Path: strings.TrimSuffix(u.Path, "/")}, nil
}
