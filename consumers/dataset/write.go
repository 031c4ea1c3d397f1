package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	manifestName = "manifest.json"
	tempPrefix   = ".tmp-"
	// leftover is the age from which on a temporary folder belongs to a build that crashed.
	leftover = time.Hour
)

// write puts the files under dir/name/id: into a temporary folder, synced, then renamed. A folder that is
// already there holds the same bytes, because the id is a hash of their inputs.
func write(dir string, m Manifest, files []content) (folder string, err error) {
	series := filepath.Join(dir, m.Name)
	folder = filepath.Join(series, m.DatasetID)
	if _, err := os.Stat(filepath.Join(folder, manifestName)); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(series, 0o755); err != nil {
		return "", fmt.Errorf("creating series folder: %w", err)
	}
	removeLeftovers(series)
	temp, err := os.MkdirTemp(series, tempPrefix)
	if err != nil {
		return "", fmt.Errorf("creating temporary folder: %w", err)
	}
	defer os.RemoveAll(temp)
	for _, f := range files {
		if err := writeSynced(filepath.Join(temp, f.Path), f.data); err != nil {
			return "", err
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", fmt.Errorf("opening folder to readers: %w", err)
	}
	if err := errors.Join(syncFolder(temp), publishFolder(temp, folder), syncFolder(series)); err != nil {
		return "", err
	}
	return folder, nil
}

// publishFolder renames. Another build of the same dataset may have been faster.
func publishFolder(temp, folder string) error {
	err := os.Rename(temp, folder)
	if err != nil && errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("renaming dataset folder: %w", err)
	}
	return nil
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("creating dataset file: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("syncing folder: %w", err)
	}
	return nil
}

// removeLeftovers cleans up after crashes; a folder that cannot be removed is only in the way of nobody.
func removeLeftovers(series string) {
	entries, err := os.ReadDir(series)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), tempPrefix) && time.Since(info.ModTime()) > leftover {
			_ = os.RemoveAll(filepath.Join(series, e.Name()))
		}
	}
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
