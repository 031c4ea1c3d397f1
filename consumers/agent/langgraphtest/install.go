package langgraphtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// RequireEnv set to 1 makes a test fail where it would be skipped.
const RequireEnv = "RAGLINE_REQUIRE_LANGGRAPH"

// patience bounds one installation, also of another process that is waited for.
const patience = 10 * time.Minute

// kit is something that is installed once.
type kit struct {
	name  string
	pins  [][]byte
	needs string // the end of the sentence that tells how to get it
	fill  func(run runner, dir string) error
}

// runner runs a program in a folder, "" for the present one, and says what it printed if it fails.
type runner func(dir, program string, args ...string) error

// install returns the folder of a kit, which is filled first where it is not there.
func install(t testing.TB, k kit) string {
	t.Helper()
	dir, err := k.dir()
	if err != nil {
		t.Fatalf("finding the cache of LangGraph: %v", err)
	}
	if done(dir) {
		return dir
	}
	if testing.Short() {
		missing(t, "LangGraph is not installed and -short installs nothing; it %s", k.needs)
	}
	if err := k.installOnce(t.Context(), dir); err != nil {
		missing(t, "LangGraph (%s) %s: %v", k.name, k.needs, err)
	}
	return dir
}

func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv(RequireEnv) == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func (k kit) dir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(bytes.Join(append([][]byte{[]byte(k.name)}, k.pins...), []byte{0}))
	return filepath.Join(cache, "ragline", "langgraph", k.name+"-"+hex.EncodeToString(sum[:6])), nil
}

// marker is written last: a folder without it is a torso. A virtual environment knows its own path, so it is not renamed.
const marker = ".complete"

func done(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, marker))
	return err == nil
}

func (k kit) installOnce(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	unlock, err := lock(ctx, dir+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if done(dir) {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := k.fill(running(ctx), dir); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return os.WriteFile(filepath.Join(dir, marker), nil, 0o600)
}

func running(ctx context.Context) runner {
	return func(dir, program string, args ...string) error {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir = dir
		cmd.WaitDelay = 10 * time.Second
		output, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("running %s %.60v: %w: %s", program, args, err, tail(output))
		}
		return nil
	}
}

func tail(output []byte) []byte {
	const most = 500
	output = bytes.TrimSpace(output)
	return output[max(0, len(output)-most):]
}
