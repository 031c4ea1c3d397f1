package app_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ragline/ragline/cmd/internal/app"
)

var update = flag.Bool("update", false, "rewrite generated files")

// environ is an environment that works from this folder.
func environ(pairs ...string) map[string]string {
	m := map[string]string{"HOME": "/nonexistent", "RAGLINE_DOMAIN_DIR": "../../../deploy/domain/jdjones", "RAGLINE_DATA_DIR": "/nonexistent/data"}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

func TestExampleFileIsWhatTheConfigStructsSay(t *testing.T) {
	t.Parallel()
	file := filepath.Join(top(t), ".env.example")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(app.Example()), 0o600))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, app.Example(), string(have), "run: go test ./cmd/internal/app -update")
}

func TestDefaultsAreRight(t *testing.T) {
	t.Parallel()
	cfg, err := app.Load(environ())
	require.NoError(t, err)
	require.Equal(t, "/nonexistent/data/agent.db", cfg.Agent.DB)
	require.Equal(t, []string{"127.0.0.1:9092"}, cfg.KafkaConfig().Brokers)
	require.Empty(t, app.Warnings(cfg, environ()))
}

func TestWrongSettingIsNamedWithItsValueAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"RAGLINE_AGENT_SLOTS":     "many",
		"RAGLINE_AGENT_MAX_STEPS": "0",
		"RAGLINE_LOG_LEVEL":       "loud",
		"KAFKA_BROKERS":           "nowhere",
		"CLICKHOUSE_URL":          "ftp://x",
		"RAGLINE_BATCH_LINGER":    "soon",
		"RAGLINE_CLICKHOUSE_ADDR": "0.0.0.0:8123",
		"OBSERVABILITY_BACKEND":   "smoke-signals",
		"RAGLINE_LLM_PROVIDER":    "oracle",
		"RAGLINE_DOMAIN_DIR":      "/nonexistent/pack",
	} {
		_, err := app.Load(environ(name, value))
		require.ErrorIs(t, err, app.ErrConfig, name)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, value)
	}
}

func TestEveryWrongSettingIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := app.Load(environ("RAGLINE_AGENT_SLOTS", "0", "RAGLINE_LOG_LEVEL", "loud"))
	require.ErrorContains(t, err, "RAGLINE_AGENT_SLOTS")
	require.ErrorContains(t, err, "RAGLINE_LOG_LEVEL")
}

func TestMisspeltSettingIsWarnedAbout(t *testing.T) {
	t.Parallel()
	env := environ("RAGLINE_AGNET_SLOTS", "3")
	cfg, err := app.Load(env)
	require.NoError(t, err)
	warnings := app.Warnings(cfg, env)
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0].Message, "RAGLINE_AGNET_SLOTS")
}

func TestShowHidesSecrets(t *testing.T) {
	t.Parallel()
	cfg, err := app.Load(environ("RAGLINE_LLM_API_KEY", "sk-secret", "CLICKHOUSE_URL", "http://u:sk-secret@127.0.0.1:1/x", "KAFKA_SASL_PASSWORD", "sk-secret"))
	require.NoError(t, err)
	for _, v := range app.Show(cfg) {
		require.NotContains(t, v.Value, "sk-secret", v.Name)
	}
}

func TestEverySettingIsDocumented(t *testing.T) {
	t.Parallel()
	cfg, err := app.Load(environ())
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, v := range app.Show(cfg) {
		require.NotEmpty(t, v.Doc, v.Name)
		require.False(t, seen[v.Name], "%s stands twice", v.Name)
		seen[v.Name] = true
	}
}

// TestComposeFileSetsOnlySettingsThatExist reads docker-compose.yml as YAML; interpolated values and the images of
// others are theirs.
func TestComposeFileSetsOnlySettingsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(top(t), "docker-compose.yml"))
	require.NoError(t, err)
	var file struct {
		Services map[string]struct {
			Image       string            `yaml:"image"`
			Environment map[string]string `yaml:"environment"`
			Command     []string          `yaml:"command"`
			Healthcheck any               `yaml:"healthcheck"`
		} `yaml:"services"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	known := map[string]bool{}
	for _, v := range app.Show(app.Config{}) {
		known[v.Name] = true
	}
	pinned := regexp.MustCompile(`^[^:]+:[^:]*[0-9][^:]*$`)
	ours := 0
	for name, service := range file.Services {
		if service.Image != "ragline:local" {
			require.Regexp(t, pinned, service.Image, "%s: the image is not pinned", name)
			continue
		}
		ours++
		for variable := range service.Environment {
			require.True(t, known[variable], "%s sets %s, which is no setting", name, variable)
		}
		require.Equal(t, "run", service.Command[0])
		require.Subset(t, app.PartNames(), service.Command[1:], name)
	}
	require.Equal(t, len(app.PartNames()), ours, "every consumer has a service")
	for _, name := range []string{"kafka", "clickhouse", "gateway"} {
		require.NotNil(t, file.Services[name].Healthcheck, name)
	}
}
