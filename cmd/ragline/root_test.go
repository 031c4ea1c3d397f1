package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/internal/term"
)

// call runs a command line in this process.
func call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &cli{out: term.New(&out), err: term.New(&errs)})
	return out.String(), errs.String(), code
}

// commands lists the words of every command, hidden ones included.
func commands(cmd *cobra.Command, words []string) [][]string {
	all := [][]string{words}
	for _, sub := range cmd.Commands() {
		all = append(all, commands(sub, append(append([]string(nil), words...), sub.Name()))...)
	}
	return all
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	all := commands(newRoot(&cli{}), nil)
	require.Greater(t, len(all), 30)
	for _, words := range all {
		out, errs, code := call(t, append(words, "--help")...)
		require.Zero(t, code, "%v: %s", words, errs)
		require.Contains(t, out, "Usage:\n  ragline"+strings.Join(append([]string{""}, words...), " "), "%v", words)
		require.Empty(t, errs)
	}
}

func TestEveryCommandHasAShortDescription(t *testing.T) {
	t.Parallel()
	root := newRoot(&cli{})
	for _, words := range commands(root, nil) {
		cmd, _, err := root.Find(words)
		require.NoError(t, err)
		require.NotEmpty(t, cmd.Short, "%v", words)
		require.False(t, strings.HasSuffix(cmd.Short, "."), "%v", words)
	}
}

func TestWhatIsNotACommandIsAMistakeOfTheCaller(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"bogus", "topics bogus", "dlq bogus", "dataset bogus", "review bogus", "config bogus", "engine bogus",
		"topics list extra", "up extra", "ask", "trace", "feedback", "ingest", "dlq show agent", "run bogus", "run agent bogus",
		"--bogus", "up --bogus", "topics list --bogus", "up --exit=perhaps", "ask --timeout soon x",
	} {
		out, errs, code := call(t, strings.Fields(line)...)
		require.Equal(t, exitUsage, code, "ragline %s: %s%s", line, out, errs)
		require.Empty(t, out, "ragline %s", line)
		require.Contains(t, errs, "ragline: ", line)
	}
}

func TestGroupOfCommandsAloneIsHelp(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "topics", "dlq", "dataset", "review", "config", "engine"} {
		out, errs, code := call(t, strings.Fields(line)...)
		require.Zero(t, code, errs)
		require.Contains(t, out, "Available Commands:", line)
	}
}

func TestSettingsFileThatCannotBeReadIsAMistakeOfTheCaller(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/settings"
	require.NoError(t, os.WriteFile(file, []byte("RAGLINE_TENANT=acme\nnot a setting\n"), 0o600))
	_, errs, code := call(t, "config", "check", "--env-file", file)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "line 2 is not NAME=VALUE")
}
