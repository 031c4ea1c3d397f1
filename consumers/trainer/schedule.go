package trainer

import (
	"context"
	"slices"

	"github.com/ragline/ragline/schemas/event"
)

// schedule starts what waits, as far as queues are free.
func (t *Trainer) schedule(ctx context.Context) error {
	waiting, err := t.waiting()
	if err != nil {
		return err
	}
	if t.cfg.WhenBusy == busySupersede {
		if waiting, err = t.supersede(ctx, waiting); err != nil {
			return err
		}
	}
	for _, j := range waiting {
		if len(t.free) == 0 {
			return nil
		}
		queue := t.free[0]
		t.free = t.free[1:]
		t.start(ctx, j, queue)
	}
	return nil
}

func (t *Trainer) start(ctx context.Context, j Job, queue string) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := t.fold.job(j.ID)
	s.DatasetID = j.DatasetID
	r := &run{job: j, queue: queue, cancel: cancel}
	t.running[j.ID] = r
	attempt := attempt{
		Trainer: t, job: j, queue: queue, ends: s.ends, told: s.Status == StatusBlocked && s.Reason != ReasonQueued,
		logger: t.logger.With("job", j.Version(), "dataset", j.DatasetID),
	}
	t.runners.Go(func() {
		r.status, r.reason = attempt.finish(ctx)
		t.ended <- r
	})
}

// waiting lists the jobs that could run, in order: those that have begun, then the datasets that nobody has trained.
func (t *Trainer) waiting() ([]Job, error) {
	jobs := t.unfinished()
	for _, d := range t.untrained() {
		j, err := NewJob(t.cfg, d)
		if err != nil {
			return nil, err
		}
		s := t.fold.byID[j.ID]
		listed := slices.ContainsFunc(jobs, func(other Job) bool { return other.ID == j.ID })
		if listed || t.running[j.ID] != nil || t.blocked[j.ID] || s != nil && s.Ended() {
			continue
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// unfinished lists the jobs that have begun or were asked for, and whose folder is here. They keep the settings that
// they began with. A job whose model was not announced is one of them.
func (t *Trainer) unfinished() []Job {
	var jobs []Job
	for _, s := range t.fold.Jobs {
		owes := s.Status == StatusFinished && !s.trained
		if t.running[s.ID] != nil || s.Ended() && !owes {
			continue
		}
		j, err := loadJob(t.cfg.Dir, s.ID)
		if err != nil {
			continue // it was begun in another folder, by another trainer
		}
		s.DatasetID = j.DatasetID
		if !t.blocked[s.ID] {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// untrained lists the datasets after the last one that was trained on. Where none was, only the newest counts: it
// holds what the others hold. A dataset whose job failed is untrained, so that other settings try it again.
func (t *Trainer) untrained() []*event.DatasetReady {
	all := t.fold.Datasets
	first := max(len(all)-1, 0)
	for i, d := range slices.Backward(all) {
		if t.trained(d) {
			first = i + 1
			break
		}
	}
	return all[first:]
}

func (t *Trainer) trained(d *event.DatasetReady) bool {
	return slices.ContainsFunc(t.fold.Jobs, func(s *State) bool {
		return s.DatasetID == d.GetDatasetId() && (s.Status != StatusFailed || s.stopped())
	})
}

// supersede gives way to the newest dataset: jobs of older ones end, unless a person asked for them.
func (t *Trainer) supersede(ctx context.Context, waiting []Job) ([]Job, error) {
	newest := t.newest(waiting)
	var keep []Job
	for _, j := range waiting {
		if t.age(j) >= newest || t.fold.job(j.ID).asked {
			keep = append(keep, j)
			continue
		}
		s := t.fold.job(j.ID)
		a := attempt{Trainer: t, job: j, ends: s.ends, logger: t.logger}
		if err := a.fail(ctx, ReasonSuperseded, "a newer dataset is ready"); err != nil {
			return nil, err
		}
		s.Status, s.Reason, s.DatasetID = StatusFailed, ReasonSuperseded, j.DatasetID
	}
	for _, r := range t.running {
		if t.age(r.job) < newest && !t.fold.job(r.job.ID).asked {
			r.cancel(errSuperseded)
		}
	}
	return keep, nil
}

func (t *Trainer) newest(jobs []Job) int {
	newest := -1
	for _, j := range jobs {
		newest = max(newest, t.age(j))
	}
	return newest
}

// age is the place of the job's dataset in the log. A dataset of another series never gives way.
func (t *Trainer) age(j Job) int {
	i := slices.IndexFunc(t.fold.Datasets, func(d *event.DatasetReady) bool { return d.GetDatasetId() == j.DatasetID })
	if i < 0 {
		return len(t.fold.Datasets)
	}
	return i
}
