package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// token returns the password of the embedded engine's owner: made once, kept in a file that only the user can read.
func token(dataDir string) (string, error) {
	path := filepath.Join(dataDir, "clickhouse.token")
	text, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(text))) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("reading the engine's token: %w", err)
	}
	var b [24]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("making the engine's token: %w", err)
	}
	made := hex.EncodeToString(b[:])
	// A crash must not leave half a token behind.
	if err := os.WriteFile(path+".new", []byte(made+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing the engine's token: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return "", fmt.Errorf("writing the engine's token: %w", err)
	}
	return made, nil
}
