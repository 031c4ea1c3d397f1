package front

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

// The two users. There are no others: the engine knows no accounts.
const (
	userOwner   = "default"
	userAnalyst = "analyst"
)

// users checks passwords.
type users struct {
	owner, analyst [sha256.Size]byte
	analystOn      bool
	openReadOnly   bool
}

func newUsers(cfg *Config) users {
	return users{
		owner:        sha256.Sum256([]byte(cfg.Token)),
		analyst:      sha256.Sum256([]byte(cfg.AnalystToken)),
		analystOn:    cfg.AnalystToken != "",
		openReadOnly: cfg.OpenReadOnly,
	}
}

// login returns the user that the request acts as.
func (u users) login(r *http.Request) (string, error) {
	name, password := credentials(r)
	given := sha256.Sum256([]byte(password))
	owner := subtle.ConstantTimeCompare(given[:], u.owner[:]) == 1
	analyst := subtle.ConstantTimeCompare(given[:], u.analyst[:]) == 1
	switch {
	case name == userOwner && owner:
		return userOwner, nil
	case name == userAnalyst && analyst && u.analystOn:
		return userAnalyst, nil
	case password == "" && u.openReadOnly && (name == userOwner || name == userAnalyst):
		return userAnalyst, nil
	}
	return "", refuse(wire.CodeAuthentication, "AUTHENTICATION_FAILED",
		"%s: Authentication failed: password is incorrect, or there is no user with such name", name)
}

// credentials looks where a server looks: Basic, then headers, then URL.
func credentials(r *http.Request) (name, password string) {
	if name, password, ok := r.BasicAuth(); ok {
		return firstOf(name, userOwner), password
	}
	name, password = r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	if name == "" && password == "" {
		q := urlValues(r)
		name, password = q.Get("user"), q.Get("password")
	}
	return firstOf(name, userOwner), password
}

// localHost keeps web pages out that point a name of their own at 127.0.0.1 (DNS rebinding):
// with OpenReadOnly a browser needs no password.
func localHost(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}
