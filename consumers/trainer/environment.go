package trainer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// python is the job's program. It travels in the binary, so that the two cannot differ.
//
//go:embed python/requirements.lock python/ragline_trainer/*.py
var python embed.FS

const (
	environmentCommand = "make trainer-env"
	// probeLimit is generous: importing torch from a cold disk takes half a minute.
	probeLimit = 5 * time.Minute
)

// Environment is where the Python libraries are.
type Environment struct{ dir string }

// FindEnvironment returns the environment that is set, or that make trainer-env makes: its name carries the hash of
// the lock file, so that another version of ragline makes another one. ok says whether it is there.
func FindEnvironment(cfg Config) (Environment, bool) {
	dir := cfg.Env
	if dir == "" {
		lock, err := python.ReadFile("python/requirements.lock")
		cache := os.Getenv("XDG_CACHE_HOME")
		if home, homeErr := os.UserHomeDir(); cache == "" && homeErr == nil {
			cache = filepath.Join(home, ".cache")
		}
		if err != nil || cache == "" {
			return Environment{}, false
		}
		sum := sha256.Sum256(lock)
		dir = filepath.Join(cache, "ragline", "trainer-"+hex.EncodeToString(sum[:])[:12])
	}
	e := Environment{dir}
	_, err := os.Stat(e.program("python"))
	return e, err == nil
}

func (e Environment) program(name string) string { return filepath.Join(e.dir, "bin", name) }

// unpackWorker writes the worker's modules below dir and returns the folder to import from.
func unpackWorker(dir string) (string, error) {
	h := sha256.New()
	files, err := fs.Glob(python, "python/ragline_trainer/*.py")
	if err != nil {
		return "", fmt.Errorf("listing the worker: %w", err)
	}
	contents := make([][]byte, len(files))
	for i, name := range files {
		if contents[i], err = python.ReadFile(name); err != nil {
			return "", fmt.Errorf("reading the worker: %w", err)
		}
		fmt.Fprintf(h, "%s %d ", name, len(contents[i]))
		h.Write(contents[i])
	}
	folder := filepath.Join(dir, "worker-"+hex.EncodeToString(h.Sum(nil))[:12])
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	temp, err := os.MkdirTemp(dir, ".tmp-worker-")
	if err != nil {
		return "", fmt.Errorf("unpacking the worker: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := os.Mkdir(filepath.Join(temp, "ragline_trainer"), 0o755); err != nil {
		return "", fmt.Errorf("unpacking the worker: %w", err)
	}
	for i, name := range files {
		if err := os.WriteFile(filepath.Join(temp, "ragline_trainer", filepath.Base(name)), contents[i], 0o644); err != nil {
			return "", fmt.Errorf("unpacking the worker: %w", err)
		}
	}
	if err := os.Rename(temp, folder); err != nil {
		if _, there := os.Stat(folder); there == nil {
			return folder, nil // somebody was faster
		}
		return "", fmt.Errorf("unpacking the worker: %w", err)
	}
	return folder, nil
}

// probe asks the environment what it computes on.
func probe(ctx context.Context, path string, args, env []string) (Device, error) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = env
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return Device{}, fail(ReasonEnvironment, "the training environment does not work (%v: %s): run %s again", err, lastLine(complaint.String()), environmentCommand)
	}
	var p struct {
		Device string `json:"device"`
		Name   string `json:"device_name"`
		VRAM   int64  `json:"vram_bytes"`
	}
	line := lastLine(string(out))
	if err := json.Unmarshal([]byte(line), &p); err != nil {
		return Device{}, fail(ReasonEnvironment, "the training environment answers %.200q: run %s again", line, environmentCommand)
	}
	if p.Device == "" || p.Device == "cpu" {
		return CPU(), nil
	}
	if p.Name == "" {
		p.Name = p.Device
	}
	return Device{Name: p.Name, Memory: p.VRAM, CUDA: true}, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// CPU is this machine without a GPU. Its memory is known on Linux.
func CPU() Device {
	d := Device{Name: "cpu", Cores: runtime.NumCPU()}
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return d
	}
	for line := range strings.Lines(string(info)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err == nil {
				d.Memory = kb << 10
			}
		}
	}
	return d
}
