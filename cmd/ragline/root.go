package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/app"
	"github.com/ragline/ragline/cmd/internal/term"
	"github.com/ragline/ragline/producers/broker"
)

// cli is what every command shares.
type cli struct {
	out, err *term.Printer

	envFile string
	verbose bool
	json    bool
	cfg     app.Config
}

// errSaid is returned by commands that have already printed why they fail.
var errSaid = errors.New("said")

// usageError is a mistake of the caller: exit code 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// newRoot lists the commands.
func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use:   "ragline",
		Short: "An event log for LLM answers",
		Long: `ragline is an event log for LLM answers: every query, span, score and captured
interaction is an event on a Kafka topic; consumers answer, judge, curate, export and store.

Start with:  ragline up --demo
Settings come from the environment and from .env; see: ragline config example

Exit codes: 0 done, 1 failed, 2 wrong arguments or settings (nothing was started).`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              args(cobra.NoArgs),
		RunE:              help,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w (see: %s --help)", err, cmd.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.StringVar(&c.envFile, "env-file", ".env", "file with settings; the environment wins over it")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "log more (the level debug)")
	root.AddCommand(
		upCommand(c), runCommand(c), brokerCommand(c), engineCommand(c),
		askCommand(c), ingestCommand(c), feedbackCommand(c), reviewCommand(c),
		threadsCommand(c), historyCommand(c), stateCommand(c), replayCommand(c), forkCommand(c), graphCommand(c),
		reconcileCommand(c),
		traceCommand(c), sqlCommand(c), topicsCommand(c), dlqCommand(c), datasetCommand(c), modelCommand(c), lineageCommand(c), trainCommand(c),
		migrateCommand(c), verifyCommand(c), rebuildCommand(c), pricesCommand(c), loadgenCommand(c), configCommand(c), doctorCommand(c), versionCommand(c),
	)
	return root
}

// group is a command that has only subcommands. It runs, or else cobra would take a misspelt subcommand for a call
// for help and exit with 0.
func group(use, short string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args(cobra.NoArgs), RunE: help}
}

func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// load reads the settings. Commands that need none do not call it.
func (c *cli) load() error {
	environ, err := app.Environ(c.envFile)
	if err != nil {
		return &usageError{err}
	}
	c.cfg, err = app.Load(environ)
	return err
}

// withConfig wraps a command's body: settings first, so that a wrong one starts nothing.
func (c *cli) withConfig(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := c.load(); err != nil {
			return err
		}
		return run(cmd, args)
	}
}

func (c *cli) logger() *slog.Logger {
	level := c.cfg.General.Level()
	if c.verbose {
		level = slog.LevelDebug
	}
	return app.NewLogger(c.err.Writer(), level, c.cfg.General.LogFormat)
}

// broker returns the way to Kafka once it answers, or says what to do.
func (c *cli) broker(ctx context.Context) (*broker.Broker, error) {
	b, err := broker.New(c.cfg.KafkaConfig(), c.logger())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := b.Ping(ctx); err != nil {
		return nil, fmt.Errorf("Kafka does not answer at %v: start it with `ragline up`, or set KAFKA_BROKERS (%w)", b.Addrs(), err)
	}
	return b, nil
}

// publisher returns a publisher once Kafka answers. The caller closes it.
func (c *cli) publisher(ctx context.Context) (*broker.Publisher, error) {
	b, err := c.broker(ctx)
	if err != nil {
		return nil, err
	}
	return b.Publisher()
}

func jsonFlag(c *cli, cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON for scripts")
	return cmd
}

// args turns cobra's complaints about arguments into usage errors.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%w (usage: %s)", err, cmd.UseLine())
		}
		return nil
	}
}
