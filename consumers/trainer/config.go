package trainer

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

const (
	backendPEFT    = "peft"
	backendUnsloth = "unsloth"

	engineLocal    = "local"
	engineKubeflow = "kubeflow"

	busyWait      = "wait"
	busySupersede = "supersede"
)

// Config of the trainer.
type Config struct {
	// BaseModel is the folder of the base. Empty: there is no trainer.
	BaseModel string `env:"RAGLINE_TRAINER_BASE_MODEL" doc:"Folder of the base model (config.json, *.safetensors, tokenizer). Empty: nothing is trained."`
	// BaseName names the base in events.
	BaseName string `env:"RAGLINE_TRAINER_BASE_NAME" doc:"Name of the base model, for example meta-llama/Llama-3.2-3B-Instruct. Empty: the name of its folder."`
	// BaseRevision names the weights.
	BaseRevision string `env:"RAGLINE_TRAINER_BASE_REVISION" doc:"Revision of the base model. Empty: a hash of its config.json and of the headers of its weights."`
	// Dir holds one folder for each job.
	Dir string `env:"RAGLINE_TRAINER_DIR" doc:"Folder of the training jobs. Empty: training below RAGLINE_DATA_DIR."`
	// Env is the Python environment.
	Env string `env:"RAGLINE_TRAINER_ENV" doc:"Python environment of the training job. Empty: the one that make trainer-env makes below ~/.cache/ragline."`
	// Series of the models, which is the key of their events.
	Series string `env:"RAGLINE_MODEL_SERIES" envDefault:"default" doc:"Name of the series of models. Allowed: lower-case letters, digits, dash, underscore."`
	// Dataset is the series of datasets.
	Dataset string `env:"RAGLINE_TRAINER_DATASET" envDefault:"default" doc:"Name of the series of datasets to train on."`
	// Engine runs the job.
	Engine string `env:"RAGLINE_TRAINER_ENGINE" envDefault:"local" doc:"What runs a job. Allowed: local, kubeflow."`
	// WhenBusy decides about a dataset that comes during a training.
	WhenBusy string `env:"RAGLINE_TRAINER_WHEN_BUSY" envDefault:"wait" doc:"What a dataset does that is ready while a job runs. Allowed: wait, supersede (the running job is canceled)."`
	// Queues are GPU numbers; each entry is a queue of its own.
	Queues []string `env:"RAGLINE_TRAINER_GPUS" doc:"Queues of jobs, each with its GPUs: 0,1 is two queues of one GPU, 0+1 one queue whose jobs use both. Empty: one queue that sees all GPUs and uses the first."`

	Method               Method  `env:"RAGLINE_TRAINER_METHOD" envDefault:"qlora" doc:"Training method. Allowed: lora, qlora, dora, qdora."`
	Backend              string  `env:"RAGLINE_TRAINER_BACKEND" envDefault:"peft" doc:"Library that trains. Allowed: peft (PEFT, bitsandbytes, TRL), unsloth (when installed; lora and qlora)."`
	Rank                 int     `env:"RAGLINE_TRAINER_RANK" envDefault:"16" doc:"Rank r of the adapter. Allowed: 1 to 1024."`
	Alpha                int     `env:"RAGLINE_TRAINER_ALPHA" envDefault:"32" doc:"Alpha of the adapter, which is scaled by alpha/r. Allowed: above 0."`
	Dropout              float64 `env:"RAGLINE_TRAINER_DROPOUT" envDefault:"0" doc:"Dropout of the adapter; 0 has the fast path. Allowed: 0 to below 1."`
	RSLoRA               bool    `env:"RAGLINE_TRAINER_RSLORA" envDefault:"false" doc:"Scale by alpha/sqrt(r)."`
	LearningRate         float64 `env:"RAGLINE_TRAINER_LEARNING_RATE" envDefault:"0.0002" doc:"Learning rate, cosine schedule. Allowed: above 0."`
	Epochs               float64 `env:"RAGLINE_TRAINER_EPOCHS" envDefault:"3" doc:"Times that each row is trained on. Allowed: above 0."`
	MaxSteps             int     `env:"RAGLINE_TRAINER_MAX_STEPS" envDefault:"-1" doc:"Optimizer steps after which training ends, over the epochs. -1: the epochs decide."`
	BatchSize            int     `env:"RAGLINE_TRAINER_BATCH_SIZE" envDefault:"2" doc:"Rows of a batch on one device. Allowed: above 0."`
	GradientAccumulation int     `env:"RAGLINE_TRAINER_GRADIENT_ACCUMULATION" envDefault:"4" doc:"Batches of one optimizer step. Allowed: above 0."`
	MaxLength            int     `env:"RAGLINE_TRAINER_MAX_LENGTH" envDefault:"2048" doc:"Tokens of a row; longer rows are counted and cut, or dropped. Allowed: 16 or more."`
	Warmup               float64 `env:"RAGLINE_TRAINER_WARMUP" envDefault:"0.03" doc:"Warm-up, a share of the steps when below 1."`
	WeightDecay          float64 `env:"RAGLINE_TRAINER_WEIGHT_DECAY" envDefault:"0.01" doc:"Weight decay."`
	MaxGradNorm          float64 `env:"RAGLINE_TRAINER_MAX_GRAD_NORM" envDefault:"0.3" doc:"Norm that gradients are cut to."`
	Packing              bool    `env:"RAGLINE_TRAINER_PACKING" envDefault:"false" doc:"Pack several rows into one. The job refuses it without FlashAttention, because rows would see each other."`
	EarlyStopping        int     `env:"RAGLINE_TRAINER_EARLY_STOPPING" envDefault:"3" doc:"Evaluations without a better loss after which training ends. 0: never."`
	EvalSteps            float64 `env:"RAGLINE_TRAINER_EVAL_STEPS" envDefault:"0.1" doc:"Steps between evaluations, a share of all when below 1."`
	SaveSteps            float64 `env:"RAGLINE_TRAINER_SAVE_STEPS" envDefault:"0.1" doc:"Steps between checkpoints, a share of all when below 1."`
	Seed                 int     `env:"RAGLINE_TRAINER_SEED" envDefault:"42" doc:"Seed of the order of rows and of the adapter."`
	Device               string  `env:"RAGLINE_TRAINER_DEVICE" envDefault:"auto" doc:"Where it trains. Allowed: auto, cpu, cuda."`

	// Grace of a worker that is asked to end.
	Grace time.Duration `env:"RAGLINE_TRAINER_GRACE" envDefault:"10s" doc:"How long a worker may take to save a checkpoint when it is asked to end; a shutdown waits for it. Allowed: above 0."`
	// ProgressEvery throttles training.progressed.
	ProgressEvery time.Duration `env:"RAGLINE_TRAINER_PROGRESS_EVERY" envDefault:"2s" doc:"Shortest time between two progress events of a job; evaluations always get one. Allowed: 0 or more."`
	// Poll is how often a blocked job looks again.
	Poll time.Duration `env:"RAGLINE_TRAINER_POLL" envDefault:"5s" doc:"How often a blocked job looks whether what it waits for is there. Allowed: above 0."`
	// Attempts of a worker that dies.
	Attempts int `env:"RAGLINE_TRAINER_ATTEMPTS" envDefault:"3" doc:"Deaths of a worker in a row without a new step, after which the job fails. Allowed: 1 or more."`

	Kubeflow Kubeflow
}

// Sentinels of this package.
var (
	ErrNoBase    = errors.New("RAGLINE_TRAINER_BASE_MODEL is empty: name the folder of a base model")
	ErrNotFound  = errors.New("no such training job")
	ErrAmbiguous = errors.New("several training jobs start like this")
	ErrEnded     = errors.New("the job has ended")
	ErrRuns      = errors.New("the job is under way")

	errCanceled   = errors.New("canceled")
	errSuperseded = errors.New("superseded")
	errDied       = errors.New("the worker died")
)

var (
	namePattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	queuePattern = regexp.MustCompile(`^[0-9]+(\+[0-9]+)*$`)
)

// Validate reports the first setting that cannot work. A missing base is none: the job says so.
func (c Config) Validate() error {
	for _, check := range []func() error{c.validateNames, c.validateNumbers, c.contradiction, c.Kubeflow.validate} {
		if err := check(); err != nil {
			return err
		}
	}
	if c.Engine == engineKubeflow && c.Kubeflow.API == "" {
		return fmt.Errorf("RAGLINE_TRAINER_ENGINE=kubeflow needs RAGLINE_TRAINER_KUBE_API, the address of the Kubernetes API")
	}
	return nil
}

func (c Config) validateNames() error {
	for name, value := range map[string]string{"RAGLINE_MODEL_SERIES": c.Series, "RAGLINE_TRAINER_DATASET": c.Dataset} {
		if !namePattern.MatchString(value) {
			return fmt.Errorf("%s=%q: allowed are up to 63 lower-case letters, digits, - and _", name, value)
		}
	}
	for _, one := range []struct{ name, value, allowed string }{
		{"RAGLINE_TRAINER_ENGINE", c.Engine, "local kubeflow"},
		{"RAGLINE_TRAINER_WHEN_BUSY", c.WhenBusy, "wait supersede"},
		{"RAGLINE_TRAINER_BACKEND", c.Backend, "peft unsloth"},
		{"RAGLINE_TRAINER_DEVICE", c.Device, "auto cpu cuda"},
	} {
		if !oneOf(one.value, one.allowed) {
			return fmt.Errorf("%s=%s: allowed are %s", one.name, one.value, strings.ReplaceAll(one.allowed, " ", ", "))
		}
	}
	for _, q := range c.Queues {
		if !queuePattern.MatchString(q) {
			return fmt.Errorf("RAGLINE_TRAINER_GPUS=%s: allowed are numbers, joined by + within a queue and by , between queues", strings.Join(c.Queues, ","))
		}
	}
	return c.Method.validate("RAGLINE_TRAINER_METHOD")
}

func oneOf(value, list string) bool {
	for _, allowed := range strings.Fields(list) {
		if value == allowed {
			return true
		}
	}
	return false
}

func (c Config) validateNumbers() error {
	for _, one := range []struct {
		name  string
		value float64
		low   float64 // the value must be above it
	}{
		{"RAGLINE_TRAINER_RANK", float64(c.Rank), 0},
		{"RAGLINE_TRAINER_ALPHA", float64(c.Alpha), 0},
		{"RAGLINE_TRAINER_LEARNING_RATE", c.LearningRate, 0},
		{"RAGLINE_TRAINER_EPOCHS", c.Epochs, 0},
		{"RAGLINE_TRAINER_BATCH_SIZE", float64(c.BatchSize), 0},
		{"RAGLINE_TRAINER_GRADIENT_ACCUMULATION", float64(c.GradientAccumulation), 0},
		{"RAGLINE_TRAINER_MAX_LENGTH", float64(c.MaxLength), 15},
		{"RAGLINE_TRAINER_EVAL_STEPS", c.EvalSteps, 0},
		{"RAGLINE_TRAINER_SAVE_STEPS", c.SaveSteps, 0},
		{"RAGLINE_TRAINER_ATTEMPTS", float64(c.Attempts), 0},
		{"RAGLINE_TRAINER_GRACE", c.Grace.Seconds(), 0},
		{"RAGLINE_TRAINER_POLL", c.Poll.Seconds(), 0},
	} {
		if !(one.value > one.low) {
			return fmt.Errorf("%s=%g: allowed is above %g", one.name, one.value, one.low)
		}
	}
	if c.Rank > 1024 {
		return fmt.Errorf("RAGLINE_TRAINER_RANK=%d: allowed are 1 to 1024", c.Rank)
	}
	if !(c.Dropout >= 0 && c.Dropout < 1) {
		return fmt.Errorf("RAGLINE_TRAINER_DROPOUT=%g: allowed are 0 to below 1", c.Dropout)
	}
	if c.MaxSteps == 0 || c.MaxSteps < -1 {
		return fmt.Errorf("RAGLINE_TRAINER_MAX_STEPS=%d: allowed are -1 and 1 or more", c.MaxSteps)
	}
	return nil
}
