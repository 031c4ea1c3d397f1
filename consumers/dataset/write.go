package dataset

import (
	"bytes"
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
// already there should hold the same bytes, because the id is a hash of their inputs; one that was changed is replaced.
func write(dir string, m Manifest, files []content) (folder string, err error) {
	series := filepath.Join(dir, m.Name)
	folder = filepath.Join(series, m.DatasetID)
	if intact(folder, files) {
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
	if err := syncFolder(temp); err != nil {
		return "", err
	}
	if err := publishFolder(temp, folder, files); err != nil {
		return "", err
	}
	return folder, syncFolder(series)
}

// intact says whether a folder holds the bytes of the files.
func intact(folder string, files []content) bool {
	for _, f := range files {
		if have, err := os.ReadFile(filepath.Join(folder, f.Path)); err != nil || !bytes.Equal(have, f.data) {
			return false
		}
	}
	return true
}

// publishFolder renames. Another build of the same dataset may have been faster; a folder that was changed makes way.
func publishFolder(temp, folder string, files []content) error {
	err := os.Rename(temp, folder)
	if errors.Is(err, fs.ErrExist) {
		if intact(folder, files) {
			return nil
		}
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("replacing dataset folder: %w", err)
		}
		err = os.Rename(temp, folder)
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
