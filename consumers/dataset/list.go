package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// Info is a dataset on disk.
type Info struct {
	Manifest
	Folder         string
	ManifestSHA256 string
	BuiltAt        time.Time
}

// List returns the datasets below dir, the newest first. A folder without a complete manifest is no dataset.
func List(dir string) ([]Info, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*", manifestName))
	if err != nil {
		return nil, fmt.Errorf("listing datasets: %w", err)
	}
	var list []Info
	for _, path := range paths {
		if strings.HasPrefix(filepath.Base(filepath.Dir(path)), tempPrefix) {
			continue
		}
		info, err := read(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, info)
	}
	sort.Slice(list, func(i, j int) bool {
		if !list[i].BuiltAt.Equal(list[j].BuiltAt) {
			return list[i].BuiltAt.After(list[j].BuiltAt)
		}
		return list[i].DatasetID < list[j].DatasetID
	})
	return list, nil
}

// Show returns the dataset whose id starts with id.
func Show(dir, id string) (Info, error) {
	list, err := List(dir)
	if err != nil {
		return Info{}, err
	}
	var found []Info
	for _, d := range list {
		if id != "" && strings.HasPrefix(d.DatasetID, id) {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return Info{}, fmt.Errorf("showing dataset %q below %s: %w", id, dir, ErrNotFound)
	case 1:
		return found[0], nil
	}
	return Info{}, fmt.Errorf("showing dataset %q below %s: %w", id, dir, ErrAmbiguous)
}

func read(path string) (Info, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Info{}, fmt.Errorf("reading manifest: %w", err)
	}
	stat, err := os.Stat(path)
	if err != nil {
		return Info{}, fmt.Errorf("reading manifest: %w", err)
	}
	info := Info{Folder: filepath.Dir(path), ManifestSHA256: sha256Hex(raw), BuiltAt: stat.ModTime().UTC()}
	if err := json.Unmarshal(raw, &info.Manifest); err != nil {
		return Info{}, fmt.Errorf("decoding %s: %w", path, err)
	}
	return info, nil
}
