package trainer

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
	"github.com/ragline/ragline/schemas/topic"
)

// Status of a job.
type Status string

// Statuses.
const (
	StatusQueued   Status = "queued"
	StatusBlocked  Status = "blocked"
	StatusRunning  Status = "running"
	StatusFinished Status = "finished"
	StatusFailed   Status = "failed"
)

// State is what the training topic says about a job.
type State struct {
	ID        string                    `json:"job_id"`
	DatasetID string                    `json:"dataset_id,omitempty"`
	Status    Status                    `json:"status"`
	Reason    string                    `json:"reason,omitempty"`
	Message   string                    `json:"message,omitempty"`
	Command   string                    `json:"command,omitempty"`
	At        time.Time                 `json:"at"`
	Started   *event.TrainingStarted    `json:"started,omitempty"`
	Progress  *event.TrainingProgressed `json:"progress,omitempty"`
	Finished  *event.TrainingFinished   `json:"finished,omitempty"`

	trained bool // model.trained is in the log
	asked   bool // by a person
	ends    int  // training.failed events
}

// Ended says that nothing more comes, unless somebody asks for the job again.
func (s *State) Ended() bool { return s.Status == StatusFinished || s.Status == StatusFailed }

// stopped says that somebody wanted the job to end: its dataset is done with.
func (s *State) stopped() bool {
	return s.Status == StatusFailed && (s.Reason == ReasonCanceled || s.Reason == ReasonSuperseded)
}

// Fold is the state of all jobs and datasets of a series, made of the records of Topics. The zero value is none.
type Fold struct {
	Jobs     []*State
	Datasets []*event.DatasetReady

	series string
	byID   map[string]*State
	seen   map[string]struct{}
}

// Topics are what Fold is made of.
func Topics() []string { return []string{topic.Datasets, topic.Training, topic.Models} }

// NewFold returns an empty one for a series of datasets.
func NewFold(series string) *Fold {
	return &Fold{series: series, byID: map[string]*State{}, seen: map[string]struct{}{}}
}

// Take adds a record. It reports whether there may be something to do.
func (f *Fold) Take(r event.Record) bool {
	e, err := topic.Decode(r)
	if err != nil || e.Data == nil {
		return false // another version's event is none of ours
	}
	if p, ok := e.Data.(*event.TrainingProgressed); ok { // many, and harmless twice: their ids are not kept
		if s := f.job(p.GetJobId()); !s.Ended() {
			s.Progress, s.At = p, e.Time
		}
		return false
	}
	if _, repeat := f.seen[e.ID]; repeat {
		return false
	}
	f.seen[e.ID] = struct{}{}
	switch d := e.Data.(type) {
	case *event.DatasetReady:
		f.dataset(d)
	case *event.TrainingStarted:
		f.job(d.GetJobId()).start(d, e.Time)
	case *event.TrainingBlocked:
		f.job(d.GetJobId()).block(d, e.Time)
	case *event.TrainingFailed:
		f.job(d.GetJobId()).fail(d, e.Time)
	case *event.TrainingFinished:
		s := f.job(d.GetJobId())
		s.Status, s.Finished, s.Reason, s.Message, s.Command, s.At = StatusFinished, d, "", "", "", e.Time
	case *event.ModelTrained:
		if d.GetJobId() != "" {
			f.job(d.GetJobId()).trained = true
		}
	default:
		return false
	}
	return true
}

func (f *Fold) dataset(d *event.DatasetReady) {
	if d.GetName() != f.series {
		return
	}
	for _, known := range f.Datasets {
		if known.GetDatasetId() == d.GetDatasetId() {
			return
		}
	}
	f.Datasets = append(f.Datasets, d)
}

func (f *Fold) job(id string) *State {
	s := f.byID[id]
	if s == nil {
		s = &State{ID: id, Status: StatusQueued}
		f.byID[id] = s
		f.Jobs = append(f.Jobs, s)
	}
	return s
}

func (s *State) start(d *event.TrainingStarted, at time.Time) {
	if s.Ended() {
		return // canceled while it was about to start
	}
	s.Status, s.Started, s.DatasetID, s.Reason, s.Command, s.At = StatusRunning, d, d.GetDatasetId(), "", "", at
}

func (s *State) block(d *event.TrainingBlocked, at time.Time) {
	switch {
	case s.Status == StatusFinished:
		return
	case d.GetReason() == ReasonQueued:
		s.Status, s.Progress, s.asked = StatusQueued, nil, true
	case s.Status == StatusFailed:
		return
	default:
		s.Status = StatusBlocked
	}
	s.Reason, s.Message, s.Command, s.At = d.GetReason(), "", d.GetCommand(), at
}

func (s *State) fail(d *event.TrainingFailed, at time.Time) {
	s.ends++
	if s.Status != StatusFinished {
		s.Status, s.Reason, s.Message, s.Command, s.At = StatusFailed, d.GetReason(), d.GetMessage(), "", at
	}
}

// Read folds the log up to now.
func Read(ctx context.Context, b *broker.Broker, series string) (*Fold, error) {
	f := NewFold(series)
	err := b.Follow(ctx, broker.FollowConfig{Topics: Topics(), Stop: true}, func(r event.Record) error {
		f.Take(r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading training jobs: %w", err)
	}
	f.hideUnknown()
	return f, ctx.Err()
}

// hideUnknown leaves out jobs of which only the model's record is left: retention has removed the others.
func (f *Fold) hideUnknown() {
	var known []*State
	for _, s := range f.Jobs {
		if !s.At.IsZero() {
			known = append(known, s)
		}
	}
	f.Jobs = known
}

// Find returns the job whose id begins with id. Empty is the job that runs, or else the last one.
func (f *Fold) Find(id string) (*State, error) {
	var found []*State
	for _, s := range f.Jobs {
		if strings.HasPrefix(s.ID, id) {
			found = append(found, s)
		}
	}
	if id == "" {
		for _, s := range found {
			if s.Status == StatusRunning {
				return s, nil
			}
		}
		if len(found) > 0 {
			return found[len(found)-1], nil
		}
		return nil, fmt.Errorf("%w: nothing has been trained yet (`ragline train start` begins)", ErrNotFound)
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%w: %s (`ragline train list` lists them)", ErrNotFound, id)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%w: %s", ErrAmbiguous, id)
}
