package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/consumers/promoter"
)

func modelCommand(c *cli) *cobra.Command {
	cmd := group("model", "List trained models, and decide which one answers")
	cmd.AddCommand(listModelsCommand(c), showModelCommand(c), modelPackageCommand(c), promoteCommand(c), rollbackCommand(c))
	return cmd
}

func listModelsCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use: "list", Short: "List all versions of all series, with what has become of them", Args: args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			models, err := c.models(cmd)
			if err != nil {
				return err
			}
			versions := []*promoter.Version{}
			for _, s := range models.All() {
				versions = append(versions, s.Versions...)
			}
			if c.json {
				return c.out.JSON(versions)
			}
			if len(versions) == 0 {
				c.out.Linef("no model was trained yet; a dataset starts a training once RAGLINE_TRAINER_BASE_MODEL is set")
				return nil
			}
			rows := make([][]string, len(versions))
			for i, v := range versions {
				rows[i] = []string{v.Model + ":" + v.Version, string(v.State), v.At.Local().Format("2006-01-02 15:04:05"), v.Packaged.GetQuantization(), scores(v.Evaluated.GetCandidateScores()), term.Cut(why(v), 60)}
			}
			c.out.Table([]string{"model", "state", "since", "quantization", "scores", "reason"}, rows)
			return nil
		}),
	})
}

func showModelCommand(c *cli) *cobra.Command {
	return jsonFlag(c, &cobra.Command{
		Use: "show MODEL[:VERSION]", Short: "Show one version: the one that answers, or the one that is named", Args: args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			models, err := c.models(cmd)
			if err != nil {
				return err
			}
			v, err := models.Find(args[0])
			if err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(v)
			}
			c.printModel(v)
			return nil
		}),
	})
}

func promoteCommand(c *cli) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "promote MODEL:VERSION --reason TEXT",
		Short: "Make a version the one that answers, whatever its scores",
		Long: `Make a version the one that answers, whatever its scores. The agent follows without a restart when
RAGLINE_LLM_PROVIDER=promoted. A version must be packaged for a server, and its prompts proven to be those of its training.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			model, version, ok := strings.Cut(args[0], ":")
			if !ok || version == "" {
				return usagef("%q names no version (usage: %s)", args[0], cmd.UseLine())
			}
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			d, err := promoter.Promote(cmd.Context(), b, model, version, reason)
			if err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(d)
			}
			c.out.Linef("%s answers from now on", c.out.Bold(d.GetServedName()))
			return nil
		}),
	}
	return jsonFlag(c, reasonFlag(cmd, &reason))
}

func rollbackCommand(c *cli) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "rollback MODEL --reason TEXT",
		Short: "Let the version answer that answered before; again: the one before that",
		Args:  args(cobra.ExactArgs(1)),
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			if strings.Contains(args[0], ":") {
				return usagef("%q names a version; a rollback goes to the one before (usage: %s)", args[0], cmd.UseLine())
			}
			b, err := c.broker(cmd.Context())
			if err != nil {
				return err
			}
			d, err := promoter.RollBack(cmd.Context(), b, args[0], reason)
			if err != nil {
				return err
			}
			if c.json {
				return c.out.JSON(d)
			}
			c.out.Linef("%s answers from now on, in place of %s", c.out.Bold(d.GetServedName()), d.GetFromVersion())
			return nil
		}),
	}
	return jsonFlag(c, reasonFlag(cmd, &reason))
}

func reasonFlag(cmd *cobra.Command, reason *string) *cobra.Command {
	cmd.Flags().StringVar(reason, "reason", "", "why: it is kept with the decision (required)")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if strings.TrimSpace(*reason) == "" {
			return &usageError{promoter.ErrNoReason}
		}
		return run(cmd, args)
	}
	return cmd
}

// models reads the registry of trained models.
func (c *cli) models(cmd *cobra.Command) (*promoter.Registry, error) {
	b, err := c.broker(cmd.Context())
	if err != nil {
		return nil, err
	}
	return promoter.Read(cmd.Context(), b)
}

func (c *cli) printModel(v *promoter.Version) {
	c.out.Linef("%s  %s since %s", c.out.Bold(v.Model+":"+v.Version), v.State, v.At.Local().Format("2006-01-02 15:04:05"))
	for _, line := range [][2]string{
		{"job", v.Trained.GetJobId()},
		{"base", v.Trained.GetBaseModel() + " " + v.Trained.GetMethod()},
		{"dataset", v.Trained.GetDatasetId() + " " + v.Trained.GetDatasetUri()},
		{"served as", v.ServedName() + " " + v.Packaged.GetQuantization()},
		{"file", v.Packaged.GetUri()},
		{"sha256", v.Packaged.GetSha256()},
		{"prompts", strconv.FormatInt(v.Packaged.GetParityPrompts(), 10) + " equal those of the training"},
		{"incumbent", v.Evaluated.GetIncumbent() + " " + scores(v.Evaluated.GetIncumbentScores())},
		{"scores", scores(v.Evaluated.GetCandidateScores())},
		{"not worse", scores(v.Evaluated.GetNotWorse())},
		{"reason", why(v)},
	} {
		if strings.TrimSpace(line[1]) != "" {
			c.out.Linef("%-10s %s", line[0], strings.TrimSpace(line[1]))
		}
	}
}

// scores renders "grounding 0.91, relevance 0.88".
func scores(m map[string]float64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %.2f", name, m[name]))
	}
	return strings.Join(parts, ", ")
}

// why is the reason of the last decision.
func why(v *promoter.Version) string {
	if v.State == "rejected" {
		return v.Rejected.GetStage() + ": " + v.Rejected.GetReason() + ": " + v.Rejected.GetMessage()
	}
	return v.Reason
}
