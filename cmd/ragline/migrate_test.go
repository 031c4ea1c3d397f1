package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/deploy/embedded/clickhouse/enginetest"
)

func TestMigrateMakesTheDatabaseOfAnEmptyClickHouse(t *testing.T) {
	t.Setenv("CLICKHOUSE_URL", strings.TrimSuffix(enginetest.Start(t), "/default")+"/fresh")
	t.Setenv("RAGLINE_DOMAIN_DIR", "../../deploy/domain/jdjones")
	out, errs, code := call(t, "--env-file=/dev/null", "migrate")
	require.Zero(t, code, errs)
	require.Contains(t, out, "applied migrations/0001_queries.sql")
	out, errs, code = call(t, "--env-file=/dev/null", "migrate")
	require.Zero(t, code, errs)
	require.Contains(t, out, "everything is up to date")
}

func TestMigrateSaysWhenNothingAnswers(t *testing.T) {
	t.Setenv("CLICKHOUSE_URL", "http://127.0.0.1:1/fresh")
	t.Setenv("RAGLINE_DOMAIN_DIR", "../../deploy/domain/jdjones")
	_, errs, code := call(t, "--env-file=/dev/null", "migrate")
	require.NotZero(t, code)
	require.Contains(t, errs, "ragline up")
}
