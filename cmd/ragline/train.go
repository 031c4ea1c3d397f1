package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/schemas/event"
)

func trainCommand(c *cli) *cobra.Command {
	cmd := group("train", "Start, watch, cancel and estimate training jobs")
	cmd.Long = `Start, watch, cancel and estimate training jobs. A job is one dataset, one base model and one set of settings; it is run by the
trainer of ` + "`ragline up`" + ` or ` + "`ragline run trainer`" + `, once RAGLINE_TRAINER_BASE_MODEL names a base model. JOB may be the beginning of an id.`
	cmd.Example = `  ragline train estimate
  ragline train start --method qlora
  ragline train watch`
	cmd.AddCommand(startTrainCommand(c), listTrainCommand(c), watchTrainCommand(c), cancelTrainCommand(c), estimateTrainCommand(c))
	return cmd
}

// trainFlags change settings for one job.
func trainFlags(c *cli, cmd *cobra.Command) *cobra.Command {
	var method, base string
	cmd.Flags().StringVar(&method, "method", "", "lora, qlora, dora or qdora instead of RAGLINE_TRAINER_METHOD")
	cmd.Flags().StringVar(&base, "base", "", "folder of the base model instead of RAGLINE_TRAINER_BASE_MODEL")
	run := cmd.RunE
	cmd.RunE = c.withConfig(func(cmd *cobra.Command, args []string) error {
		if method != "" {
			c.cfg.Trainer.Method = trainer.Method(method)
		}
		if base != "" { // name and revision were those of the other one
			c.cfg.Trainer.BaseModel, c.cfg.Trainer.BaseName, c.cfg.Trainer.BaseRevision = base, "", ""
		}
		if err := c.cfg.Trainer.Validate(); err != nil {
			return &usageError{err}
		}
		if c.cfg.Trainer.BaseModel == "" {
			return usagef("there is no base model: set RAGLINE_TRAINER_BASE_MODEL, or give --base FOLDER")
		}
		return run(cmd, args)
	})
	return jsonFlag(c, cmd)
}

func startTrainCommand(c *cli) *cobra.Command {
	return trainFlags(c, &cobra.Command{
		Use: "start [DATASET]", Short: "Ask the trainer to train on a dataset, the newest one by default", Args: args(cobra.MaximumNArgs(1)),
		Long: `Ask the trainer to train on a dataset, the newest one by default. The job's settings are written into its folder below
RAGLINE_TRAINER_DIR, and the trainer of that folder is told by an event. A job that failed or was canceled goes on from its last
checkpoint; one that has finished with the same settings is not trained again.`,
		Example: `  ragline train start
  ragline train start 3f2a --method dora
  ragline train start --base models/Llama-3.2-1B-Instruct`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.startTraining(cmd.Context(), args) },
	})
}

func (c *cli) startTraining(ctx context.Context, args []string) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	fold, err := trainer.Read(ctx, b, c.cfg.Trainer.Dataset)
	if err != nil {
		return err
	}
	ready, err := pickDataset(fold.Datasets, first(args))
	if err != nil {
		return err
	}
	job, err := trainer.Start(ctx, c.cfg.Trainer, b, fold, ready)
	if err != nil {
		return err
	}
	if c.json {
		return c.out.JSON(job)
	}
	c.out.Linef("asked for job %s: %s on dataset %s", c.out.Bold(job.ID[:12]), job.Method, job.DatasetID)
	c.out.Linef("  %s", c.out.Dim("ragline train watch "+job.ID[:12]))
	return nil
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func pickDataset(all []*event.DatasetReady, id string) (*event.DatasetReady, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("no dataset has been announced: build one with `ragline dataset build`")
	}
	if id == "" {
		return all[len(all)-1], nil
	}
	found := slices.DeleteFunc(slices.Clone(all), func(d *event.DatasetReady) bool { return !strings.HasPrefix(d.GetDatasetId(), id) })
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no dataset starts with %s (`ragline dataset list` lists them)", id)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%d datasets start with %s: give more of the id", len(found), id)
}

func listTrainCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use: "list", Short: "List the training jobs, newest first", Args: args(cobra.NoArgs), Example: `  ragline train list --json`,
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			fold, err := trainer.Read(cmd.Context(), b, c.cfg.Trainer.Dataset)
			if err != nil {
				return err
			}
			slices.Reverse(fold.Jobs)
			if c.json {
				return c.out.JSON(fold.Jobs)
			}
			c.printJobs(fold.Jobs)
			return nil
		}),
	})
}

func (c *cli) printJobs(jobs []*trainer.State) {
	if len(jobs) == 0 {
		c.out.Linef("nothing has been trained; `ragline train start` begins")
		return
	}
	rows := make([][]string, len(jobs))
	for i, s := range jobs {
		rows[i] = []string{term.Cut(s.ID, 12), string(s.Status), s.Started.GetMethod(), term.Cut(s.DatasetID, 12), steps(s.Progress), ago(s.At, time.Now()), term.Cut(remark(s), 120)}
	}
	c.out.Table([]string{"job", "status", "method", "dataset", "step", "last", "remark"}, rows)
}

func steps(p *event.TrainingProgressed) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%d/%d", p.GetStep(), p.GetTotalSteps())
}

// remark is what a person has to know of a job.
func remark(s *trainer.State) string {
	switch s.Status {
	case trainer.StatusFinished:
		return fmt.Sprintf("loss %.4g, held out %.4g", s.Finished.GetTrainLoss(), s.Finished.GetEvalLoss())
	case trainer.StatusFailed:
		return s.Reason + ": " + s.Message
	case trainer.StatusBlocked, trainer.StatusQueued:
		return strings.TrimSuffix(s.Reason+": run "+s.Command, ": run ")
	}
	return ""
}

func cancelTrainCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use: "cancel JOB", Short: "End a job; it keeps its checkpoint", Args: args(cobra.ExactArgs(1)), Example: `  ragline train cancel 9c41e07b`,
		Long: "End a job. That is an event on the training topic, which its trainer obeys, now or once it is up. The worker saves a checkpoint first.",
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			if args[0] == "" { // a variable that a script has not set must not end the job that runs
				return usagef("the job's id is empty (usage: %s)", cmd.UseLine())
			}
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			fold, err := trainer.Read(cmd.Context(), b, c.cfg.Trainer.Dataset)
			if err != nil {
				return err
			}
			s, err := fold.Find(args[0])
			if err != nil {
				return err
			}
			if err := trainer.Cancel(cmd.Context(), b, s, userName()); err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(map[string]string{"job_id": s.ID, "reason": trainer.ReasonCanceled})
			}
			c.out.Linef("canceled: %s", s.ID[:min(12, len(s.ID))])
			return nil
		}),
	})
}

func estimateTrainCommand(c *cli) *cobra.Command {
	return trainFlags(c, &cobra.Command{
		Use: "estimate [DATASET]", Short: "Say what each method would need, and what fits", Args: args(cobra.MaximumNArgs(1)),
		Long: `Say what each method would need on this machine, and what fits, from the headers of the base model's weights: nothing is
loaded. The newest dataset in RAGLINE_DATASET_DIR gives the time; without one only memory is estimated.`,
		Example: `  ragline train estimate
  ragline train estimate --base models/Llama-3.1-8B-Instruct`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ready, err := c.datasetOnDisk(first(args))
			if err != nil {
				return err
			}
			device, ok := trainer.Probe(cmd.Context(), c.cfg.Trainer)
			f, err := trainer.NewForecast(c.cfg.Trainer, ready, device)
			if err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(f)
			}
			c.printForecast(f)
			if !ok {
				c.out.Linef("%s", c.out.Odd("there is no training environment, so this is the CPU: run make trainer-env"))
			}
			return nil
		},
	})
}

// datasetOnDisk needs no Kafka. It is nil where there is none and none is named.
func (c *cli) datasetOnDisk(id string) (*event.DatasetReady, error) {
	var info dataset.Info
	if id != "" {
		found, err := dataset.Show(c.cfg.Dataset.Dir, id)
		if err != nil {
			return nil, err
		}
		info = found
	} else {
		list, err := dataset.List(c.cfg.Dataset.Dir)
		if err != nil || len(list) == 0 {
			return nil, err
		}
		info = list[0]
	}
	folder, err := filepath.Abs(info.Folder)
	if err != nil {
		return nil, fmt.Errorf("naming dataset folder: %w", err)
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}
	return &event.DatasetReady{DatasetId: info.DatasetID, Name: info.Name, Uri: uri.String(), ManifestSha256: info.ManifestSHA256}, nil
}

func (c *cli) printForecast(f trainer.Forecast) {
	memory := "memory unknown"
	if f.Device.Memory > 0 {
		memory = trainer.GiB(f.Device.Memory)
	}
	c.out.Linef("%s on %s (%s), %d rows, batch %d x %d, max_length %d, rank %d", c.out.Bold(f.Job.BaseModel), f.Device.Name, memory,
		f.Data.Rows, f.Job.BatchSize, f.Job.GradientAccumulation, f.Job.MaxLength, f.Job.Rank)
	rows := make([][]string, len(f.Estimates))
	for i, e := range f.Estimates {
		fits := c.out.Good("fits")
		if !e.Fits {
			fits = c.out.Bad("does not fit")
		}
		took := "-"
		if f.Data.Rows > 0 {
			took = (time.Duration(e.Seconds) * time.Second).String()
		}
		rows[i] = []string{string(e.Method), trainer.GiB(e.VRAM), trainer.GiB(e.Weights), trainer.GiB(e.Adapter), trainer.GiB(e.Rest), took, fits}
	}
	c.out.Table([]string{"method", "memory", "weights", "adapter", "the rest", "time", ""}, rows)
	if f.Remedy != "" {
		c.out.Linef("%s: %s", f.Job.Method, f.Remedy)
	}
}
