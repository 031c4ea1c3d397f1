package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/app"
	"github.com/ragline/ragline/cmd/internal/demo"
	"github.com/ragline/ragline/consumers/dataset"
	"github.com/ragline/ragline/consumers/trainer"
	"github.com/ragline/ragline/consumers/warehouse"
	"github.com/ragline/ragline/producers/sdk"
)

func upCommand(c *cli) *cobra.Command {
	var shown show
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start everything: broker and engine where no address is set, and all consumers",
		Long: `Start everything and stay up until Ctrl-C.

Where KAFKA_BROKERS is empty the embedded broker is started, where CLICKHOUSE_URL is empty the embedded ClickHouse
engine, both as child processes with their data in RAGLINE_DATA_DIR. With both set, only the consumers run.`,
		Args: args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			if err := shown.check(c.cfg); err != nil {
				return err
			}
			return c.up(cmd.Context(), shown)
		}),
	}
	cmd.Flags().BoolVar(&shown.demo, "demo", false, "ingest the knowledge pack, ask its sample questions, print a summary")
	cmd.Flags().BoolVar(&shown.train, "train", false, "go on from the demo's dataset to a trained, packaged and promoted model, and ask it")
	cmd.Flags().BoolVar(&shown.exit, "exit", false, "end after the demo; 0 only when every count agrees with Kafka's offsets")
	return cmd
}

// show is what up does once everything runs.
type show struct{ demo, train, exit bool }

func (s show) check(cfg app.Config) error {
	switch {
	case s.exit && !s.demo:
		return usagef("--exit ends after the demo: give --demo, too")
	case s.train && !s.demo:
		return usagef("--train goes on from the demo: give --demo, too")
	case s.train && cfg.Trainer.BaseModel == "":
		return usagef("--train needs a base model: set RAGLINE_TRAINER_BASE_MODEL to its folder, or try make factory")
	case s.train && !trainer.Ready(cfg.Trainer):
		return usagef("--train needs the training environment: run make trainer-env")
	case s.train && cfg.Agent.LLM.Provider != "promoted":
		return usagef("--train asks the new model: set RAGLINE_LLM_PROVIDER=promoted")
	}
	return nil
}

func runCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "run [CONSUMER]...",
		Args:  args(known),
		Short: "Run chosen consumers against Kafka and ClickHouse: " + strings.Join(app.PartNames(), ", "),
		Long: `Run chosen consumers, all of them without a name, against KAFKA_BROKERS and CLICKHOUSE_URL.
No server is started; where an address is empty, the embedded server of a running ragline up is used.`,
		RunE: c.withConfig(func(cmd *cobra.Command, args []string) error {
			ch, err := c.cfg.ClickHouseConfig()
			if err != nil {
				return err
			}
			c.cfg.ClickHouse = ch
			s, err := app.NewSystem(cmd.Context(), c.cfg, c.logger())
			if err != nil {
				return quiet(cmd.Context(), err)
			}
			return s.Run(cmd.Context(), args, func() { c.out.Linef("ragline runs: %s", strings.Join(runs(args), ", ")) })
		}),
	}
}

// known refuses names of consumers that do not exist, before anything waits for Kafka.
func known(_ *cobra.Command, names []string) error {
	for _, name := range names {
		if !slices.Contains(app.PartNames(), name) {
			return fmt.Errorf("there is no consumer %q; there are %s", name, strings.Join(app.PartNames(), ", "))
		}
	}
	return nil
}

func runs(args []string) []string {
	if len(args) == 0 {
		return app.PartNames()
	}
	return args
}

func (c *cli) up(ctx context.Context, shown show) error {
	embedded, err := app.StartEmbedded(ctx, &c.cfg, c.logger(), c.err.Writer())
	if err != nil {
		return quiet(ctx, err)
	}
	defer embedded.Close()
	if embedded.NoAnalytics != "" {
		c.err.Linef("%s %s\n  Everything else runs; the log keeps what the analytics miss, and they catch up once there is an engine.", c.err.Odd("no analytics:"), embedded.NoAnalytics)
	}
	s, err := app.NewSystem(ctx, c.cfg, c.logger())
	if err != nil {
		return quiet(ctx, err)
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var demoErr error
	err = s.Run(ctx, nil, func() {
		if !shown.demo {
			c.printAddresses(s)
			return
		}
		demoErr = quiet(ctx, c.demo(ctx, s, shown.train))
		if shown.exit || errors.Is(ctx.Err(), context.Canceled) {
			end()
			return
		}
		if demoErr != nil {
			c.err.Linef("%s %v", c.err.Bad("demo:"), demoErr)
		}
		c.printAddresses(s)
	})
	if !shown.exit {
		return err
	}
	if err == nil && demoErr == nil && c.cfg.ClickHouse.URL == "" {
		demoErr = errors.New("the answers are given, but without ClickHouse no count can be compared with Kafka's offsets")
	}
	return errors.Join(err, demoErr)
}

// quiet makes Ctrl-C before everything is up no failure.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end of ctx is the user's wish
	}
	return err
}

func (c *cli) demo(ctx context.Context, s *app.System, train bool) error {
	client, err := sdk.Open(ctx, sdk.Config{Tenant: c.cfg.General.Tenant, Source: "ragline/demo", Mask: c.cfg.Mask}, sdk.WithBroker(s.Broker()), sdk.WithLogger(c.logger()))
	if err != nil {
		return err
	}
	defer client.Close()
	builder, err := dataset.New(c.cfg.Dataset, s.Broker(), s.Pack(), c.logger())
	if err != nil {
		return err
	}
	d := demo.Demo{
		Broker: s.Broker(), Client: client, Pack: s.Pack(), Builder: builder, Out: c.out,
		Knowledge: c.cfg.Knowledge, Tenant: c.cfg.General.Tenant, Train: train, Trainer: c.cfg.Trainer,
	}
	if c.cfg.ClickHouse.URL != "" {
		if d.Warehouse, err = warehouse.Open(c.cfg.ClickHouse, c.logger()); err != nil {
			return err
		}
		defer d.Warehouse.Close()
	}
	return d.Run(ctx)
}

func (c *cli) printAddresses(s *app.System) {
	c.out.Linef("\n%s", c.out.Bold("ragline is up; Ctrl-C ends it"))
	c.out.Linef("  Kafka       %s", strings.Join(s.Broker().Addrs(), ", "))
	c.out.Linef("  gateway     http://%s  (POST /v1/queries, /openapi.json)", s.Gateway())
	if addr := s.AgentAPI(); addr != "" {
		c.out.Linef("  agent       http://%s  (LangGraph API: SDKs, agent-chat-ui, agent-inbox, Studio)", addr)
	}
	if c.cfg.ClickHouse.URL != "" {
		c.out.Linef("  ClickHouse  %s", c.clickHouseAddress())
	}
	c.out.Linef("  data        %s", c.cfg.General.DataDir)
	c.out.Linef("%s", c.out.Dim(fmt.Sprintf("  try: bin/ragline ask \"%s\"", s.Pack().Questions[0].Question)))
}
