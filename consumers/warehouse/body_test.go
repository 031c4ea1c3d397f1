package warehouse

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"
)

const bodyRows = 20_000

// said is a column that holds the number of its insert only.
func said(n int) proto.Input {
	var column proto.ColStr
	for range bodyRows {
		column.Append(fmt.Sprintf("insert %06d", n))
	}
	return proto.Input{{Name: "said", Data: &column}}
}

// impatient answers some inserts before it has read them, drops some, reports those that their client gives up, and
// counts the others whose bytes are their own from the first to the last.
type impatient struct {
	mu          sync.Mutex
	whole       int
	wrong       []string
	givenUp     map[string]context.CancelFunc
	early, torn func(n int) bool
}

func (s *impatient) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("insert_deduplication_token")
	n, _ := strconv.Atoi(token)
	s.mu.Lock()
	cancel := s.givenUp[token]
	s.mu.Unlock()
	var start bytes.Buffer
	if cancel != nil {
		_, _ = io.CopyN(&start, r.Body, 1000)
		cancel()
	}
	switch {
	case s.early(n):
		return
	case s.torn(n):
		panic(http.ErrAbortHandler)
	}
	raw, err := io.ReadAll(io.MultiReader(&start, r.Body))
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whole++
	if bytes.Count(raw, fmt.Appendf(nil, "insert %06d", n)) != bodyRows {
		s.wrong = append(s.wrong, token)
	}
}

func TestBytesOfAnInsertAreItsOwnUntilTheyAreRead(t *testing.T) {
	t.Parallel()
	s := &impatient{
		givenUp: map[string]context.CancelFunc{},
		early:   func(n int) bool { return n%5 == 0 }, torn: func(n int) bool { return n%7 == 0 },
	}
	server := httptest.NewServer(s)
	defer server.Close()
	w := open(t, server.URL)
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			for i := range 12 {
				n := worker*100 + i
				ctx, cancel := context.WithCancel(t.Context())
				if n%6 == 0 {
					s.mu.Lock()
					s.givenUp[strconv.Itoa(n)] = cancel
					s.mu.Unlock()
				}
				_ = w.Insert(ctx, "t", strconv.Itoa(n), said(n)) // some fail
				cancel()
			}
		})
	}
	workers.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Empty(t, s.wrong)
	require.Positive(t, s.whole)
	require.NotEmpty(t, w.bodies, "they are used again")
}
