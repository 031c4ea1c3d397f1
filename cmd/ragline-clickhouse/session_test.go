package main_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSessionKeepsItsTemporaryTables(t *testing.T) {
	t.Parallel()
	a := setup(t)
	require.Equal(t, http.StatusOK, a.post("session_id=s", "CREATE TEMPORARY TABLE v (a Int8)").status)
	require.Equal(t, http.StatusOK, a.post("session_id=s", "INSERT INTO v VALUES (7)").status)
	require.Equal(t, "7\n", a.post("session_id=s", "SELECT * FROM v").body)
	require.Equal(t, "60", a.post("session_id=other", "SELECT * FROM v").code())
	require.Equal(t, "60", a.post("", "SELECT * FROM v").code())
}

func TestSessionsOfTwoUsersAreTwo(t *testing.T) {
	t.Parallel()
	a := setup(t)
	require.Equal(t, http.StatusOK, a.post("session_id=s", "CREATE TEMPORARY TABLE v (a Int8)").status)
	require.Equal(t, "60", a.as("analyst", analystToken).post("session_id=s", "SELECT * FROM v").code())
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	a := setup(t)
	require.Equal(t, "372", a.post("session_id=s&session_check=1", "SELECT 1").code())
	require.Equal(t, http.StatusOK, a.post("session_id=s&session_timeout=1", "SELECT 1").status)
	require.Eventually(t, func() bool {
		return a.post("session_id=s&session_check=1&session_timeout=0", "SELECT 1").code() == "372"
	}, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, "374", a.post("session_id=s&session_timeout=999999", "SELECT 1").code())
}

func TestSessionServesOneRequestAtATime(t *testing.T) {
	t.Parallel()
	a := setup(t)
	done := make(chan answer, 1)
	go func() { done <- a.post("session_id=s", "SELECT sleep(2)") }()
	require.Eventually(t, func() bool {
		return a.post("session_id=s&session_check=1", "SELECT 1").code() == "373"
	}, 2*time.Second, time.Millisecond)
	require.Equal(t, http.StatusOK, (<-done).status)
}

func TestSettingsOfASessionCanChange(t *testing.T) {
	t.Parallel()
	a := setup(t)
	const ask = "SELECT getSetting('max_block_size')"
	require.Equal(t, "77\n", a.post("session_id=s&max_block_size=77", ask).body)
	require.Equal(t, "78\n", a.post("session_id=s&max_block_size=78", ask).body)
}
