package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEmbeddedServersEndAtTheSameTime(t *testing.T) {
	t.Parallel()
	one, two := make(chan struct{}), make(chan struct{})
	atOnce( // one after the other would wait for ever
		func() { close(one); <-two },
		func() { close(two); <-one },
	)
}

func TestShutdownOfAllTakesLessThan25Seconds(t *testing.T) {
	t.Parallel()
	cfg, err := Load(map[string]string{"HOME": "/nonexistent", "RAGLINE_DOMAIN_DIR": "../../../deploy/domain/jdjones"})
	require.NoError(t, err)
	const serverGrace, margin = 10 * time.Second, 2 * time.Second // of a child that ignores SIGTERM; of what closes in between
	require.LessOrEqual(t, cfg.Stream.ShutdownTimeout+serverGrace+margin, 25*time.Second)
}
