package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/producers/broker"
	"github.com/ragline/ragline/schemas/event"
)

func watchTrainCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use: "watch [JOB]", Short: "Show a job as it runs, until it ends", Args: args(cobra.MaximumNArgs(1)),
		Long: "Show a job as it runs, until it ends: the one that runs, or the last one, by default. With --json each change is a line. The exit code of a failed job is 1.",
		Example: `  ragline train watch
  ragline train watch 9c41e07b --json`,
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error { return c.watchTraining(cmd.Context(), first(args)) }),
	})
}

func (c *cli) watchTraining(ctx context.Context, id string) error {
	b, err := c.broker(ctx)
	if err != nil {
		return err
	}
	past, err := trainer.Read(ctx, b, c.cfg.Trainer.Dataset)
	if err != nil {
		return err
	}
	s, err := past.Find(id)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	w := &trainWatch{cli: c, id: s.ID, fold: trainer.NewFold(c.cfg.Trainer.Dataset), end: end}
	err = b.Follow(ctx, broker.FollowConfig{Topics: trainer.Topics(), CaughtUp: w.caughtUp}, w.take)
	if err != nil {
		return err
	}
	return w.err
}

// trainWatch shows one job. Before it has caught up it only reads.
type trainWatch struct {
	*cli

	id    string
	fold  *trainer.Fold
	live  bool
	drawn bool
	said  string
	err   error
	end   context.CancelFunc
}

func (w *trainWatch) caughtUp() {
	w.live = true
	w.look()
}

func (w *trainWatch) take(r event.Record) error {
	w.fold.Take(r)
	if w.live {
		w.look()
	}
	return nil
}

// look ends the following once the job has ended.
func (w *trainWatch) look() {
	w.err = w.show()
	if s, err := w.fold.Find(w.id); err != nil || s.Ended() {
		w.end()
	}
}

func (w *trainWatch) show() error {
	s, err := w.fold.Find(w.id)
	if err != nil {
		return err
	}
	if w.json {
		return w.out.JSON(s)
	}
	text := w.line(s)
	if text == w.said {
		return w.verdict(s)
	}
	w.said = text
	if w.out.Terminal() && s.Status == trainer.StatusRunning {
		fmt.Fprintf(w.out.Writer(), "\r\x1b[K%s", text)
		w.drawn = true
		return nil
	}
	if w.drawn {
		fmt.Fprint(w.out.Writer(), "\r\x1b[K")
	}
	w.out.Linef("%s", text)
	return w.verdict(s)
}

func (w *trainWatch) verdict(s *trainer.State) error {
	if s.Status == trainer.StatusFailed {
		return errSaid
	}
	return nil
}

func (w *trainWatch) line(s *trainer.State) string {
	name := w.out.Bold(s.ID[:min(12, len(s.ID))])
	switch p := s.Progress; {
	case s.Status == trainer.StatusRunning && p != nil:
		return fmt.Sprintf("%s %s", name, progressLine(p))
	case s.Status == trainer.StatusRunning:
		return fmt.Sprintf("%s loads on %s, about %s, %s", name, s.Started.GetDevice(), trainer.GiB(s.Started.GetEstimatedVramBytes()),
			time.Duration(s.Started.GetEstimatedSeconds())*time.Second)
	case s.Status == trainer.StatusFinished:
		return fmt.Sprintf("%s %s  %s in %s", name, w.out.Good("finished"), remark(s), time.Duration(s.Finished.GetSeconds())*time.Second)
	case s.Status == trainer.StatusFailed:
		return fmt.Sprintf("%s %s  %s", name, w.out.Bad("failed"), remark(s))
	}
	return fmt.Sprintf("%s %s  %s", name, w.out.Odd(string(s.Status)), remark(s))
}

func progressLine(p *event.TrainingProgressed) string {
	total := max(p.GetTotalSteps(), p.GetStep(), 1)
	full := int(p.GetStep() * progressWidth / total)
	text := fmt.Sprintf("[%s%s] %d/%d  loss %.4g", strings.Repeat("#", full), strings.Repeat(" ", progressWidth-full), p.GetStep(), total, p.GetLoss())
	if p.EvalLoss != nil {
		text += fmt.Sprintf("  held out %.4g", p.GetEvalLoss())
	}
	if p.GetTokensPerSecond() > 0 {
		text += fmt.Sprintf("  %.0f tokens/s", p.GetTokensPerSecond())
	}
	if p.GetVramBytes() > 0 {
		text += "  " + trainer.GiB(p.GetVramBytes())
	}
	return text + "  ETA " + (time.Duration(p.GetEtaSeconds()) * time.Second).String()
}
