package packager

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/consumers/packager/quantize"
)

// folder is SERIES/VERSION/.
type folder string

const (
	sourceName  = "source.json"
	packageName = "package.json"
)

func (f folder) merged() string                  { return filepath.Join(string(f), "merged") }
func (f folder) modelfile() string               { return filepath.Join(string(f), "Modelfile") }
func (f folder) gguf(t quantize.Type) string     { return filepath.Join(string(f), ggufName(t)) }
func (f folder) file(name string) string         { return filepath.Join(string(f), name) }
func ggufName(t quantize.Type) string            { return "model-" + string(t) + ".gguf" }
func (c Config) folder(series, v string) folder  { return folder(filepath.Join(c.Dir, series, v)) }
func (f folder) read(name string, out any) error { return file.ReadJSON(f.file(name), out) }

// source is what the files of a folder were made from.
type source struct {
	AdapterSHA256 string `json:"adapter_sha256"`
	MergeBase     string `json:"merge_base"`
}

// prepare empties a folder whose files were made from something else.
func (f folder) prepare(s source) error {
	var have source
	if f.read(sourceName, &have) == nil && have == s {
		return nil
	}
	if err := os.RemoveAll(string(f)); err != nil {
		return fmt.Errorf("emptying %s: %w", f, err)
	}
	if err := os.MkdirAll(string(f), 0o755); err != nil {
		return fmt.Errorf("making %s: %w", f, err)
	}
	return f.write(sourceName, s)
}

func (f folder) write(name string, v any) error { return writeJSON(f.file(name), v) }

func writeJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	return writeFile(path, append(raw, '\n'))
}

// writeFile makes a file appear whole.
func writeFile(path string, raw []byte) error {
	part := path + ".part"
	f, err := os.Create(part)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	return nil
}
