package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ragline/ragline/consumers/internal/file"
	"github.com/ragline/ragline/schemas/event"
)

// Settings decide, with dataset and base, what comes out of a job. Their JSON is a part of its id.
type Settings struct {
	Method               Method  `json:"method"`
	Backend              string  `json:"backend"`
	Rank                 int     `json:"rank"`
	Alpha                int     `json:"alpha"`
	Dropout              float64 `json:"dropout"`
	RSLoRA               bool    `json:"rslora"`
	Epochs               float64 `json:"epochs"`
	MaxSteps             int     `json:"max_steps"`
	BatchSize            int     `json:"batch_size"`
	GradientAccumulation int     `json:"gradient_accumulation"`
	LearningRate         float64 `json:"learning_rate"`
	Warmup               float64 `json:"warmup"`
	WeightDecay          float64 `json:"weight_decay"`
	MaxGradNorm          float64 `json:"max_grad_norm"`
	Seed                 int     `json:"seed"`
	MaxLength            int     `json:"max_length"`
	Packing              bool    `json:"packing"`
	EvalSteps            float64 `json:"eval_steps"`
	SaveSteps            float64 `json:"save_steps"`
	EarlyStopping        int     `json:"early_stopping"`
	Device               string  `json:"device"`
}

func (c Config) settings() Settings {
	return Settings{
		c.Method, c.Backend, c.Rank, c.Alpha, c.Dropout, c.RSLoRA, c.Epochs, c.MaxSteps, c.BatchSize, c.GradientAccumulation,
		c.LearningRate, c.Warmup, c.WeightDecay, c.MaxGradNorm, c.Seed, c.MaxLength, c.Packing, c.EvalSteps, c.SaveSteps,
		c.EarlyStopping, c.Device,
	}
}

// Job is what the worker reads as config.json.
type Job struct {
	ID             string `json:"job_id"`
	DatasetID      string `json:"dataset_id"`
	DatasetDir     string `json:"dataset_dir"`
	DatasetURI     string `json:"dataset_uri"`
	ManifestSHA256 string `json:"manifest_sha256"`
	BaseModel      string `json:"base_model"`
	BasePath       string `json:"base_path"`
	BaseRevision   string `json:"base_revision"`
	OutputDir      string `json:"output_dir"`
	Settings
}

const configName = "config.json"

// NewJob returns the job of a dataset under a configuration. Where the base is missing the job has no revision, and
// another id than it will have once the base is there.
func NewJob(cfg Config, ready *event.DatasetReady) (Job, error) {
	base, err := filepath.Abs(cfg.BaseModel)
	if err != nil {
		return Job{}, fmt.Errorf("finding base model: %w", err)
	}
	j := Job{
		DatasetID: ready.GetDatasetId(), DatasetURI: ready.GetUri(),
		ManifestSHA256: ready.GetManifestSha256(), BaseModel: cfg.BaseName, BasePath: base, BaseRevision: cfg.BaseRevision,
		Settings: cfg.settings(),
	}
	if j.BaseModel == "" {
		j.BaseModel = filepath.Base(base)
	}
	if j.BaseRevision == "" {
		j.BaseRevision = fingerprint(base)
	}
	canonical, err := json.Marshal(j.Settings)
	if err != nil {
		return Job{}, fmt.Errorf("encoding settings: %w", err)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{j.ManifestSHA256, j.BaseModel, j.BaseRevision, string(canonical)}, "\n")))
	j.ID = hex.EncodeToString(sum[:])
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return Job{}, fmt.Errorf("finding folder of jobs: %w", err)
	}
	j.place(dir)
	return j, nil
}

// place says where the job's folder is, and its dataset: where it was announced, or a copy beside what comes out.
func (j *Job) place(dir string) {
	j.OutputDir = filepath.Join(dir, j.ID)
	if j.DatasetDir = folderOf(j.DatasetURI); j.DatasetDir == "" {
		j.DatasetDir = j.path(datasetName)
	}
}

// Version is the version of the model that comes out of the job.
func (j Job) Version() string { return j.ID[:12] }

func (j Job) path(name string) string { return filepath.Join(j.OutputDir, name) }

// save makes the folder and config.json.
func (j Job) save() error {
	if err := os.MkdirAll(j.OutputDir, 0o755); err != nil {
		return fmt.Errorf("creating job folder: %w", err)
	}
	return writeJSON(j.path(configName), j)
}

// loadJob reads a job from its folder.
func loadJob(dir, id string) (Job, error) {
	var j Job
	if id == "" || filepath.Base(id) != id { // ids come from the log
		return j, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return j, fmt.Errorf("finding folder of jobs: %w", err)
	}
	if err := file.ReadJSON(filepath.Join(dir, id, configName), &j); err != nil {
		return j, err
	}
	if j.ID != id || len(id) != 2*sha256.Size {
		return j, fmt.Errorf("%w: %s holds job %q", ErrNotFound, id, j.ID)
	}
	j.place(dir) // the folder may have moved
	return j, nil
}

// checkpoint is the step of the last complete checkpoint, 0 where there is none. The worker marks it as such.
func (j Job) checkpoint() int64 {
	entries, err := os.ReadDir(j.path("checkpoints"))
	if err != nil {
		return 0
	}
	var last int64
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), "checkpoint-")
		step, err := strconv.ParseInt(number, 10, 64)
		if _, incomplete := os.Stat(j.path(filepath.Join("checkpoints", e.Name(), "complete"))); ok && err == nil && incomplete == nil {
			last = max(last, step)
		}
	}
	return last
}

// writeJSON makes a file appear complete.
func writeJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding %s: %w", filepath.Base(path), err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return fmt.Errorf("creating %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(append(raw, '\n'))
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", filepath.Base(path), err), ignoreMissing(os.Remove(f.Name())))
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
