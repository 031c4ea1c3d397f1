package warehouse

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Config says where ClickHouse is.
type Config struct {
	URL       string        `env:"CLICKHOUSE_URL" envDefault:"" doc:"Address of ClickHouse's HTTP interface, with user, password and database. Empty: the embedded engine. Allowed: http://user:password@host:port/database, or https."`
	Timeout   time.Duration `env:"RAGLINE_CLICKHOUSE_TIMEOUT" envDefault:"5m" doc:"Time after which one insert or query is given up. Allowed: 1s and more."`
	Retention Retention     `env:"RAGLINE_CLICKHOUSE_RETENTION" envDefault:"" doc:"Days that tables keep their rows, as in spans_full=30d,answer_chunks=7d; set by the sink at its start and by ragline migrate. A table that is not named keeps them for ever."`
	MaxConns  int           `env:"RAGLINE_CLICKHOUSE_MAX_CONNS" envDefault:"16" doc:"Connections to ClickHouse at a time. Allowed: 1 and more."`
}

// Validate reports the first setting that cannot be used. Passwords are not shown.
func (c Config) Validate() error {
	if _, err := c.target(); err != nil {
		return err
	}
	if c.Timeout < time.Second {
		return fmt.Errorf("RAGLINE_CLICKHOUSE_TIMEOUT is %s, but must be at least 1s", c.Timeout)
	}
	if c.MaxConns < 1 {
		return fmt.Errorf("RAGLINE_CLICKHOUSE_MAX_CONNS is %d, but must be at least 1", c.MaxConns)
	}
	return nil
}

// target is a parsed address.
type target struct {
	scheme, host   string
	user, password string
	database       string
}

func (c Config) target() (target, error) {
	const want = "want http://user:password@host:port/database, or https"
	u, err := url.Parse(c.URL)
	if err != nil { // the text of err holds the password
		return target{}, fmt.Errorf("CLICKHOUSE_URL is not an address: %s", want)
	}
	database := strings.Trim(u.Path, "/")
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", strings.Contains(database, "/"), u.RawQuery != "":
		return target{}, fmt.Errorf("CLICKHOUSE_URL is %q: %s", u.Redacted(), want)
	}
	t := target{scheme: u.Scheme, host: u.Host, user: u.User.Username(), database: database}
	t.password, _ = u.User.Password()
	if t.user == "" {
		t.user = "default"
	}
	if t.database == "" {
		t.database = "default"
	}
	if u.Port() == "" {
		t.host = net.JoinHostPort(u.Hostname(), map[string]string{"http": "8123", "https": "8443"}[u.Scheme])
	}
	return t, nil
}

// loopback says whether the address is on this machine.
func (t target) loopback() bool {
	host, _, err := net.SplitHostPort(t.host)
	if err != nil {
		host = t.host
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
