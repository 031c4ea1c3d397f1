package provider_test

import (
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/internal/llm/provider"
)

func config(t *testing.T, pairs ...string) provider.Config {
	t.Helper()
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	cfg, err := env.ParseAsWithOptions[provider.Config](env.Options{Environment: m})
	require.NoError(t, err)
	return cfg
}

func TestDefaultsNeedNoKey(t *testing.T) {
	t.Parallel()
	pack, err := domain.Load("../../../../deploy/domain/jdjones")
	require.NoError(t, err)
	m, err := provider.New(config(t), pack, nil)
	require.NoError(t, err)
	require.Equal(t, "extractive", m.Name())
	m, err = provider.New(config(t, "RAGLINE_LLM_PROVIDER", "openai", "RAGLINE_LLM_MODEL", "gpt-5-mini"), pack, nil)
	require.NoError(t, err)
	require.Equal(t, "gpt-5-mini", m.Name())
}

func TestSettingThatCannotWorkIsNamed(t *testing.T) {
	t.Parallel()
	for want, pairs := range map[string][]string{
		"RAGLINE_LLM_PROVIDER=x":          {"RAGLINE_LLM_PROVIDER", "x"},
		"RAGLINE_LLM_MODEL is empty":      {"RAGLINE_LLM_PROVIDER", "openai"},
		"RAGLINE_LLM_TOOLS=json: allowed": {"RAGLINE_LLM_TOOLS", "json"},
		"RAGLINE_LLM_TEMPERATURE=3":       {"RAGLINE_LLM_TEMPERATURE", "3"},
		"RAGLINE_LLM_TIMEOUT=1ms":         {"RAGLINE_LLM_TIMEOUT", "1ms"},
		"RAGLINE_LLM_ATTEMPTS=0":          {"RAGLINE_LLM_ATTEMPTS", "0"},
		"RAGLINE_LLM_BASE_URL=ftp://x":    {"RAGLINE_LLM_PROVIDER", "openai", "RAGLINE_LLM_MODEL", "m", "RAGLINE_LLM_BASE_URL", "ftp://x"},
	} {
		require.ErrorContains(t, config(t, pairs...).Validate(), want)
	}
	for _, mode := range []string{"native", "text", "auto"} {
		require.NoError(t, config(t, "RAGLINE_LLM_TOOLS", mode).Validate())
	}
}
