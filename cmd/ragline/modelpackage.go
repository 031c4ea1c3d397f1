package main

import (
	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/packager"
)

// modelPackageCommand packages now, beside a running packager or without one.
func modelPackageCommand(c *cli) *cobra.Command {
	var quantization string
	cmd := &cobra.Command{
		Use:   "package [MODEL[:VERSION]]",
		Short: "Package a trained model now: the newest, or the one whose version begins like this",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			if quantization != "" {
				c.cfg.Packager.Quantization = quantization
				if err := c.cfg.Packager.Validate(); err != nil {
					return &usageError{err}
				}
			}
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			p, err := packager.New(c.cfg.Packager, b, c.logger())
			if err != nil {
				return err
			}
			defer p.Close()
			name := c.cfg.Trainer.Series
			if len(args) == 1 {
				name = args[0]
			}
			bar := &stepBar{progress: newProgress(c.err, "")}
			packaged, err := p.Now(cmd.Context(), name, packager.Options{Quantization: quantization, Progress: bar.set})
			bar.end()
			if err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(packaged)
			}
			served := packaged.GetServedName()
			if served == "" {
				served = "not in Ollama"
			}
			c.out.Linef("%s  %s  %s  %d prompts equal  %s", c.out.Bold(packaged.GetModel()+":"+packaged.GetVersion()), packaged.GetQuantization(), served, packaged.GetParityPrompts(), packaged.GetUri())
			return nil
		}),
	}
	cmd.Flags().StringVar(&quantization, "quantization", "", "f16, q8_0, q5_k_m, q4_k_m or q4_0, exactly; else RAGLINE_PACKAGER_QUANTIZATION or what comes nearest here")
	return jsonFlag(c, cmd)
}

// stepBar is a progress bar whose steps have names.
type stepBar struct{ *progress }

func (b *stepBar) set(step string, done, total int64) {
	if b.what != step {
		b.end()
		b.what = step
	}
	b.progress.set(done, total)
}
