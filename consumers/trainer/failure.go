package trainer

import "fmt"

// Reasons of training.failed.
const (
	ReasonOutOfMemory   = "out_of_memory"
	ReasonDiskFull      = "disk_full"
	ReasonBaseMissing   = "base_model_missing"
	ReasonDataMissing   = "dataset_missing"
	ReasonHashMismatch  = "dataset_hash_mismatch"
	ReasonDataEmpty     = "dataset_empty"
	ReasonRowTooLong    = "row_too_long"
	ReasonEnvironment   = "environment_missing"
	ReasonContradiction = "contradiction"
	ReasonDiverged      = "diverged"
	ReasonInternal      = "internal"
	// ReasonCanceled is published by whoever cancels a job. The trainer obeys it.
	ReasonCanceled   = "canceled"
	ReasonSuperseded = "superseded"

	// ReasonQueued is the reason of a training.blocked that asks for a job: its config.json is in the folder.
	ReasonQueued = "queued"
)

// Failure ends a job.
type Failure struct {
	// Reason is the class.
	Reason string
	// Message says what to do.
	Message string
}

func (f *Failure) Error() string { return f.Reason + ": " + f.Message }

func fail(reason, format string, args ...any) error {
	return &Failure{reason, fmt.Sprintf(format, args...)}
}

// blocked ends an attempt: the job waits for something that is not there.
type blocked struct{ reason, command string }

func (b *blocked) Error() string { return b.reason + ": run " + b.command }
