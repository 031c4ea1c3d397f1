package checkpoint_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/checkpoint/postgrestest"
)

// childEnv tells the test binary to be a process that commits until it is killed: a file, or the URL of a database.
const childEnv = "RAGLINE_TEST_STORE"

// killThreads are the threads of such a process, which commit at the same time.
const killThreads = 4

func openStore(ctx context.Context, spec string) (checkpoint.Store, error) {
	if strings.HasPrefix(spec, "postgres:") {
		return checkpoint.OpenPostgres(ctx, spec)
	}
	return checkpoint.OpenSQLite(ctx, spec)
}

// child goes on with each thread where it is, and prints what was acknowledged.
func child(spec string) error {
	s, err := openStore(context.Background(), spec)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(context.Background())
	for i := range killThreads {
		g.Go(func() error { return work(ctx, s, fmt.Sprint("t", i)) })
	}
	return errors.Join(g.Wait(), s.Close())
}

func work(ctx context.Context, s checkpoint.Store, id string) error {
	if _, err := s.Accept(ctx, checkpoint.Acceptance{Run: run(id, id)}); err != nil {
		return err
	}
	line, err := s.Load(ctx, id, "")
	if err != nil {
		return err
	}
	head := checkpoint.Checkpoint{Step: -1}
	if len(line) > 0 {
		head = line[len(line)-1]
	}
	for {
		n := head.Step + 1
		next := point(fmt.Sprint(id, ".", n), head.ID, id, n)
		next.ThreadID = id
		if err := s.Commit(ctx, checkpoint.Commit{
			ThreadID: id, RunID: id, Head: head.ID, Checkpoints: points(next), Messages: messages(next.ID),
			Receipts: []checkpoint.Receipt{{CallID: next.ID, RunID: id, Arguments: []byte(`1`), Result: []byte(`1`)}},
		}); err != nil {
			return err
		}
		fmt.Println(next.ID)
		head = next
	}
}

func TestKill9LeavesWhatWasAcknowledgedInSQLite(t *testing.T) {
	t.Parallel()
	killed(t, filepath.Join(t.TempDir(), "agent.db"), func() {})
}

func TestKill9LeavesWhatWasAcknowledgedInPostgres(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	watch, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, watch.Close(context.Background())) })
	killed(t, url+"&application_name="+name(t), func() {
		// What the killed process had sent is still on its way until its connections are gone.
		require.Eventually(t, func() bool {
			var n int
			err := watch.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, name(t)).Scan(&n)
			return err == nil && n == 0
		}, time.Minute, time.Millisecond)
	})
}

// killed has several lives of a process commit to one store, each killed in the middle of it.
func killed(t *testing.T, spec string, settle func()) {
	stored := map[string]int{} // commits of each thread
	for _, commits := range []int{0, 1, 2, 7, 30, 101} {
		for id, n := range life(t, spec, commits) {
			stored[id] = max(stored[id], n+1)
		}
		settle()
		s, err := openStore(t.Context(), spec)
		require.NoError(t, err)
		for i := range killThreads {
			id := fmt.Sprint("t", i)
			stored[id] = whole(t, s, id, stored[id])
		}
		require.NoError(t, s.Close())
		settle()
	}
}

// life starts a process and kills it when it has acknowledged some commits. It returns the newest of each thread.
func life(t *testing.T, spec string, commits int) map[string]int {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+spec)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	seen := map[string]int{}
	for lines := bufio.NewScanner(out); lines.Scan(); commits-- {
		if commits == 0 {
			require.NoError(t, cmd.Process.Kill())
		}
		id, number, _ := strings.Cut(lines.Text(), ".")
		var n int
		_, err := fmt.Sscan(number, &n)
		require.NoError(t, err)
		seen[id] = n
	}
	require.Error(t, cmd.Wait(), "it was killed")
	return seen
}

// whole says that a thread has all that was acknowledged, and at most one commit more, and of each commit all or nothing.
// It returns how many there are.
func whole(t *testing.T, s checkpoint.Store, id string, acknowledged int) int {
	t.Helper()
	line, err := s.Load(t.Context(), id, "")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(line), acknowledged)
	require.LessOrEqual(t, len(line), acknowledged+1)
	var sent []string
	for _, m := range unsent(t, s) {
		if strings.HasPrefix(m, id+".") {
			sent = append(sent, m)
		}
	}
	require.Equal(t, ids(line), sent)
	for _, c := range line {
		require.NoError(t, second(s.Receipt(t.Context(), c.ID)))
	}
	next := fmt.Sprint(id, ".", len(line))
	require.ErrorIs(t, second(s.Receipt(t.Context(), next)), checkpoint.ErrNotFound)
	return len(line)
}
