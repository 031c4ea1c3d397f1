package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"strings"
)

// Keys are the API keys that open a server, as hashes. None means that the server asks for no key.
type Keys [][sha256.Size]byte

// HashKeys returns keys as the server keeps them.
func HashKeys(keys []string) Keys {
	var hashed Keys
	for _, key := range keys {
		hashed = append(hashed, sha256.Sum256([]byte(key)))
	}
	return hashed
}

// Knows compares with every key, whatever came before, so that time tells nothing.
func (k Keys) Knows(key string) bool {
	presented, found := sha256.Sum256([]byte(key)), 0
	for _, known := range k {
		found |= subtle.ConstantTimeCompare(presented[:], known[:])
	}
	return found == 1
}

// IsLoopback reports whether a host, with or without a port, is this machine by name or by address.
func IsLoopback(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
	}
	return net.ParseIP(host).IsLoopback() || strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost")
}
