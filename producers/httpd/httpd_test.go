package httpd_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ragline/ragline/producers/httpd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnlyTheKeysAreKnown(t *testing.T) {
	t.Parallel()
	keys := httpd.HashKeys([]string{"first", "second"})
	require.True(t, keys.Knows("first"))
	require.True(t, keys.Knows("second"))
	require.False(t, keys.Knows("third"))
	require.False(t, keys.Knows(""))
	require.False(t, httpd.Keys(nil).Knows(""))
}

func TestLoopbackByNameAndByAddress(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "[::1]": true, "localhost": true, "LocalHost:1": true, "a.localhost:1": true,
		"10.0.0.1:80": false, "localhost.example": false, "": false, "0.0.0.0:80": false,
	} {
		require.Equal(t, want, httpd.IsLoopback(host), host)
	}
}

func TestOpenRequestEndsInTheGrace(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	inside, stopping := make(chan struct{}), make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(inside)
		<-stopping
		_, _ = io.WriteString(w, "to its end")
	})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- httpd.Serve(ctx, l, server, time.Minute, func() { close(stopping) }) }()
	got := make(chan string, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := client.Get("http://" + l.Addr().String()) //nolint:noctx // it ends with the server
		if err != nil {
			got <- err.Error()
			return
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}()
	<-inside
	cancel()
	require.Equal(t, "to its end", <-got)
	require.NoError(t, <-done)
}
