//go:build s3

package bucket_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/internal/bucket"
)

// TestObjectStorageHoldsWhatWasWritten talks to a server that knows as much of S3 as one object at a time needs.
func TestObjectStorageHoldsWhatWasWritten(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	var mu sync.Mutex
	objects := map[string][]byte{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPut {
			raw, _ := io.ReadAll(r.Body)
			objects[r.URL.Path] = raw
		}
		raw, ok := objects[r.URL.Path]
		if !ok {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>`)
			return
		}
		sum := md5.Sum(raw)
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
		w.Header().Set("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT")
		if r.Method == http.MethodGet {
			_, _ = w.Write(raw)
		}
	}))
	t.Cleanup(s.Close)
	uri := "s3://datasets/default/id?region=eu-central-1&use_path_style=true&disable_https=true&endpoint=" + s.URL
	b, err := bucket.Open(t.Context(), uri)
	require.NoError(t, err)
	_, err = b.Read(t.Context(), "manifest.json")
	require.ErrorIs(t, err, bucket.ErrNotFound)
	require.NoError(t, b.Write(t.Context(), "manifest.json", []byte("{}\n")))
	raw, err := b.Read(t.Context(), "manifest.json")
	require.NoError(t, err)
	require.Equal(t, "{}\n", string(raw))
	require.NoError(t, b.Close())
	for path := range objects {
		require.True(t, strings.HasSuffix(path, "/default/id/manifest.json"), path)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
