package checkpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/checkpoint"
	"github.com/ragline/ragline/consumers/agent/checkpoint/postgrestest"
)

// BenchmarkCommit stores super-steps of a few hundred bytes, one after the other in each thread.
// cpu-us/op is what this process used, without a database server.
func BenchmarkCommit(b *testing.B) {
	stores := map[string]func(b *testing.B) (checkpoint.Store, error){
		"memory": func(*testing.B) (checkpoint.Store, error) { return checkpoint.NewMemory(), nil },
		"sqlite NORMAL": func(b *testing.B) (checkpoint.Store, error) {
			return checkpoint.OpenSQLiteSynchronous(b.Context(), filepath.Join(b.TempDir(), "agent.db"), checkpoint.SynchronousNormal)
		},
		"sqlite FULL": func(b *testing.B) (checkpoint.Store, error) {
			return checkpoint.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "agent.db"))
		},
		"postgres": func(b *testing.B) (checkpoint.Store, error) {
			return checkpoint.OpenPostgres(b.Context(), postgrestest.URL(b))
		},
	}
	for _, name := range []string{"memory", "sqlite NORMAL", "sqlite FULL", "postgres"} {
		for _, threads := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/threads %d", name, threads), func(b *testing.B) {
				s, err := stores[name](b)
				require.NoError(b, err)
				b.Cleanup(func() { _ = s.Close() })
				b.ReportAllocs()
				before := processTime(b)
				commits(b, s, threads)
				b.ReportMetric(float64((processTime(b)-before).Nanoseconds())/1e3/float64(b.N), "cpu-us/op")
			})
		}
	}
}

// commits stores b.N super-steps in all threads together.
func commits(b *testing.B, s checkpoint.Store, threads int) {
	text, err := json.Marshal([]string{strings.Repeat("observation text ", 12)})
	require.NoError(b, err)
	var wg sync.WaitGroup
	for i := range threads {
		id := uuid.Must(uuid.NewV7()).String()
		_, err := s.Accept(b.Context(), checkpoint.Acceptance{Run: run(id, id)})
		require.NoError(b, err)
		n := b.N / threads
		if i < b.N%threads {
			n++
		}
		wg.Go(func() {
			head := ""
			for j := range n {
				c := point(uuid.Must(uuid.NewV7()).String(), head, id, j)
				c.ThreadID, c.Writes = id, []checkpoint.Write{{Key: "messages", Value: text}}
				if err := s.Commit(context.Background(), checkpoint.Commit{ThreadID: id, RunID: id, Head: head, Checkpoints: points(c)}); err != nil {
					b.Error(err)
					return
				}
				head = c.ID
			}
		})
	}
	wg.Wait()
}

func processTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
