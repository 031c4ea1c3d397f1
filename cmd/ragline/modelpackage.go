package main

import (
	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/packager"
)

// modelPackageCommand packages now, beside a running packager or without one.
func modelPackageCommand(c *cli) *cobra.Command {
	var series, quantization string
	cmd := &cobra.Command{
		Use:   "package [VERSION]",
		Short: "Merge, convert, quantize and register a trained model now; the newest, or one by the beginning of its version",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			p, err := packager.New(c.cfg.Packager, b, c.logger())
			if err != nil {
				return err
			}
			defer p.Close()
			version := ""
			if len(args) == 1 {
				version = args[0]
			}
			bar := &stepBar{progress: newProgress(c.err, "")}
			packaged, err := p.Now(cmd.Context(), series, version, packager.Options{Quantization: quantization, Progress: bar.set})
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
			c.out.Linef("%s  %s  %s  %d prompts equal  %s", c.out.Bold(packaged.GetVersion()), packaged.GetQuantization(), served, packaged.GetParityPrompts(), packaged.GetUri())
			return nil
		}),
	}
	cmd.Flags().StringVar(&series, "series", "default", "series of the model")
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
