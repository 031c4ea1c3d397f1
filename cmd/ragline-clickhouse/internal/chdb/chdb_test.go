package chdb_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
)

// A process can load one library and open one directory, so one test tells the whole story.
func TestBinding(t *testing.T) {
	path, err := clickhouse.FindLibrary()
	if errors.Is(err, clickhouse.ErrUnavailable) {
		t.Skip(err)
	}
	require.NoError(t, err)
	lib, err := chdb.Open(path)
	require.NoError(t, err)
	dir := t.TempDir()
	master, err := lib.Connect(dir, nil)
	require.NoError(t, err)
	defer master.Close()

	t.Run("parameters and empty texts", func(t *testing.T) {
		require.Equal(t, "it's\t\t42\n", ask(t, master, "SELECT {a:String}, {b:String}, {n:UInt8}",
			chdb.Params{"a": "it's", "b": "", "n": "42"}))
	})
	t.Run("error keeps its code and text", func(t *testing.T) {
		_, err := master.Query("SELECT * FROM nowhere", "Null", nil)
		var e *chdb.Exception
		require.ErrorAs(t, err, &e)
		require.Equal(t, 60, e.Code)
		require.True(t, strings.HasPrefix(e.Text, "Code: 60. "))
	})
	t.Run("bad setting refuses the connection", func(t *testing.T) {
		_, err := lib.Connect(dir, []chdb.Setting{{Name: "max_threads", Value: "many"}})
		require.ErrorIs(t, err, chdb.ErrConnect)
	})
	t.Run("insert keeps committed rows only", func(t *testing.T) { insertStory(t, master) })
	t.Run("stream gives chunks and an end", func(t *testing.T) { streamStory(t, master) })
	t.Run("classes", func(t *testing.T) {
		n, class := master.Classify("SELECT 1; DROP TABLE t", "default")
		require.Equal(t, 2, n)
		require.Equal(t, chdb.ClassMutating, class)
	})
	// With the engine's signal handlers in place this would hang for ever.
	t.Run("nil dereference is still a panic", func(t *testing.T) {
		var p *chdb.Stats
		require.Panics(t, func() { _ = p.ReadRows })
	})
	t.Run("guard sees what the engine sees", func(t *testing.T) { guardStory(t, master) })
	t.Run("many connections, much garbage", func(t *testing.T) { crowd(t, lib, dir) })
}

func ask(t *testing.T, conn *chdb.Conn, sql string, params chdb.Params) string {
	t.Helper()
	res, err := conn.Query(sql, "TabSeparatedRaw", params)
	require.NoError(t, err)
	defer res.Close()
	return string(res.Bytes())
}

func insertStory(t *testing.T, conn *chdb.Conn) {
	ask(t, conn, "CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a", nil)
	dropped, err := conn.Insert("INSERT INTO t", "TSV", nil)
	require.NoError(t, err)
	_, err = io.WriteString(dropped, "1\n2\n")
	require.NoError(t, err)
	dropped.Cancel()
	dropped.Close()
	dropped.Close()
	require.Equal(t, "0\n", ask(t, conn, "SELECT count() FROM t", nil))

	kept, err := conn.Insert("INSERT INTO t", "TSV", nil)
	require.NoError(t, err)
	defer kept.Close()
	_, err = io.WriteString(kept, "1\n2\n")
	require.NoError(t, err)
	stats, err := kept.Commit()
	require.NoError(t, err)
	require.Equal(t, uint64(2), stats.WrittenRows)
	require.Equal(t, "2\n", ask(t, conn, "SELECT count() FROM t", nil))
}

func streamStory(t *testing.T, conn *chdb.Conn) {
	rows, err := conn.Stream("SELECT number FROM numbers(200000)", "TSV", nil)
	require.NoError(t, err)
	lines, chunks := 0, 0
	for {
		chunk, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		lines += strings.Count(string(chunk.Bytes()), "\n")
		chunks++
		chunk.Close()
	}
	rows.Close()
	require.Equal(t, 200000, lines)
	require.Greater(t, chunks, 1)

	abandoned, err := conn.Stream("SELECT number FROM system.numbers", "TSV", nil)
	require.NoError(t, err)
	chunk, err := abandoned.Next()
	require.NoError(t, err)
	chunk.Close()
	abandoned.Close()
	require.Equal(t, "1\n", ask(t, conn, "SELECT 1", nil), "the connection is free again")
}

func crowd(t *testing.T, lib *chdb.Library, dir string) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 50 {
				conn, err := lib.Connect(dir, []chdb.Setting{{Name: "max_threads", Value: "2"}})
				if err != nil {
					t.Error(err)
					return
				}
				res, err := conn.Query("SELECT {s:String}", "TSV", chdb.Params{"s": strings.Repeat("x", i)})
				if err != nil {
					t.Error(err)
				} else {
					if got := string(res.Bytes()); got != strings.Repeat("x", i)+"\n" {
						t.Errorf("got %q", got)
					}
					res.Close()
				}
				conn.Close()
				runtime.GC()
			}
		})
	}
	wg.Wait()
}
