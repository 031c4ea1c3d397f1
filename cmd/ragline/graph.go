package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

// pngScale makes the picture sharp on most screens.
const pngScale = 2

func graphCommand(c *cli) *cobra.Command {
	var svg, png string
	var mermaid bool
	cmd := &cobra.Command{
		Use:   "graph",
		Short: "Draw the agent's graph: as Mermaid text, SVG or PNG",
		Long:  `Draw the graph that the agent runs. Nothing needs to be up, and nothing is sent anywhere. FILE may be -, for standard output.`,
		Example: `  ragline graph
  ragline graph --svg agent.svg
  ragline graph --png - > agent.png`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			g := agent.Picture()
			switch {
			case c.json:
				return c.out.JSON(drawingOf(g))
			case svg != "":
				return c.draw(svg, picture.SVG(g))
			case png != "":
				data, err := picture.PNG(g, pngScale)
				if err != nil {
					return err
				}
				return c.draw(png, data)
			}
			fmt.Fprint(c.out.Writer(), picture.Mermaid(g, picture.MermaidOptions{}))
			return nil
		},
	}
	cmd.Flags().BoolVar(&mermaid, "mermaid", false, "print Mermaid text, which is the default")
	cmd.Flags().StringVar(&svg, "svg", "", "write an SVG `FILE`")
	cmd.Flags().StringVar(&png, "png", "", "write a PNG `FILE`")
	jsonFlag(c, cmd)
	cmd.MarkFlagsMutuallyExclusive("mermaid", "svg", "png", "json")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if err := cmd.ValidateFlagGroups(); err != nil {
			return usagef("give one of --mermaid, --svg, --png and --json")
		}
		return nil
	}
	return cmd
}

// draw writes a picture.
func (c *cli) draw(file string, data []byte) error {
	if file == "-" {
		if _, err := c.out.Writer().Write(data); err != nil {
			return fmt.Errorf("writing the picture: %w", err)
		}
		return nil
	}
	if err := os.WriteFile(file, data, 0o644); err != nil { //nolint:gosec // a picture is no secret
		return fmt.Errorf("writing the picture: %w", err)
	}
	c.out.Linef("wrote %s", file)
	return nil
}

// drawing is the graph as LangGraph's JSON has it.
type drawing struct {
	Nodes []drawnNode `json:"nodes"`
	Edges []drawnEdge `json:"edges"`
}

type drawnNode struct {
	ID        string `json:"id"`
	Interrupt string `json:"interrupt,omitempty"`
}

type drawnEdge struct {
	Source      string `json:"source"`
	Target      string `json:"target"`
	Label       string `json:"data,omitempty"`
	Conditional bool   `json:"conditional,omitempty"`
}

func drawingOf(g picture.Graph) drawing {
	g = picture.Normalize(g)
	d := drawing{Nodes: []drawnNode{}, Edges: []drawnEdge{}}
	for _, n := range g.Nodes {
		d.Nodes = append(d.Nodes, drawnNode{n.ID, n.Interrupt})
	}
	for _, e := range g.Edges {
		d.Edges = append(d.Edges, drawnEdge{e.Source, e.Target, e.Label, e.Conditional})
	}
	return d
}
