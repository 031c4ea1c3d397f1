package clickhouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/ragline/ragline/deploy/embedded/child"
)

// startServer runs the user's own clickhouse binary with a configuration of ours, in a folder of its own.
func startServer(ctx context.Context, cfg Config, binary string) (*Engine, error) {
	addr, err := choosePort(ctx, cfg.Addr)
	if err != nil {
		return nil, err
	}
	config, err := writeServerConfig(cfg, addr)
	if err != nil {
		return nil, err
	}
	process, err := child.Start(ctx, child.Config{
		Name:         KindServer,
		Path:         binary,
		Args:         func(string) []string { return []string{"server", "--config-file=" + config} },
		Probe:        func(ctx context.Context) error { return ping(ctx, addr) },
		ReadyTimeout: cfg.ReadyTimeout,
		OnLine:       logLines(cfg.Logger, KindServer),
		Logger:       cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("starting the engine: %w", err)
	}
	return &Engine{kind: KindServer, token: cfg.Token, addr: func() string { return addr }, process: process}, nil
}

// choosePort settles on a free port before the start, because a server does not tell which one it took.
func choosePort(ctx context.Context, addr string) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("choosing the engine's port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

type serverConfig struct {
	Host, Port, Dir, Users string
	MaxMemory              uint64
	TokenSHA256            string
	AnalystSHA256          string
	OpenReadOnly           bool
}

// writeServerConfig writes the two files, readable by the owner only, and returns the main one's path.
func writeServerConfig(cfg Config, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("reading the engine's address: %w", err)
	}
	dir := filepath.Join(cfg.DataDir, "server")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("creating the server's folder: %w", err)
	}
	main, users := filepath.Join(dir, "config.xml"), filepath.Join(dir, "users.xml")
	values := serverConfig{
		Host: host, Port: port, Dir: dir, Users: users, MaxMemory: cfg.MaxMemory,
		TokenSHA256: hash(cfg.Token), OpenReadOnly: cfg.OpenReadOnly,
	}
	if cfg.AnalystToken != "" {
		values.AnalystSHA256 = hash(cfg.AnalystToken)
	}
	if err := writeTemplate(main, serverXML, values); err != nil {
		return "", err
	}
	return main, writeTemplate(users, usersXML, values)
}

func writeTemplate(path, text string, values serverConfig) error {
	t, err := template.New(filepath.Base(path)).Funcs(template.FuncMap{"xml": escapeXML}).Parse(text)
	if err != nil {
		return fmt.Errorf("parsing the template of %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("writing the server's configuration: %w", err)
	}
	defer f.Close()
	if err := t.Execute(f, values); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return f.Close()
}

func escapeXML(s string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(s))
	return b.String(), err
}

func hash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

const serverXML = `<clickhouse>
    <logger><level>warning</level><console>1</console></logger>
    <listen_host>{{.Host}}</listen_host>
    <http_port>{{.Port}}</http_port>
    <path>{{xml .Dir}}/data/</path>
    <tmp_path>{{xml .Dir}}/tmp/</tmp_path>
    <user_files_path>{{xml .Dir}}/user_files/</user_files_path>
    <format_schema_path>{{xml .Dir}}/format_schemas/</format_schema_path>
    <mark_cache_size>268435456</mark_cache_size>
{{- if .MaxMemory}}
    <max_server_memory_usage>{{.MaxMemory}}</max_server_memory_usage>
{{- else}}
    <max_server_memory_usage_to_ram_ratio>0.25</max_server_memory_usage_to_ram_ratio>
{{- end}}
    <default_profile>default</default_profile>
    <default_database>default</default_database>
    <user_directories><users_xml><path>{{xml .Users}}</path></users_xml></user_directories>
</clickhouse>
`

const usersXML = `<clickhouse>
    <profiles>
        <default></default>
        <reader>
            <readonly>1</readonly>
            <max_execution_time>60</max_execution_time>
            <max_result_rows>1000000</max_result_rows>
        </reader>
    </profiles>
    <quotas><default></default></quotas>
    <users>
        <default>
            <password_sha256_hex>{{.TokenSHA256}}</password_sha256_hex>
            <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
        </default>
{{- if or .AnalystSHA256 .OpenReadOnly}}
        <analyst>
{{- if .AnalystSHA256}}
            <password_sha256_hex>{{.AnalystSHA256}}</password_sha256_hex>
{{- else}}
            <no_password></no_password>
{{- end}}
            <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
            <profile>reader</profile>
            <quota>default</quota>
        </analyst>
{{- end}}
    </users>
</clickhouse>
`
