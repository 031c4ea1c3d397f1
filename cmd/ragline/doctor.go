package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/demo"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/deploy/embedded/clickhouse"
	"github.com/ragline/ragline/schemas/topic"
)

// finding is the result of one check.
type finding struct {
	Check string `json:"check"`
	// Level is ok, warning or failed.
	Level  string `json:"level"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"`
}

const (
	levelOK      = "ok"
	levelWarning = "warning"
	levelFailed  = "failed"
)

func doctorCommand(c *cli) *cobra.Command {
	var gateway string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is reachable, what is missing, and how to fix it",
		Args:  args(cobra.NoArgs),
		RunE: c.withConfig(func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 30*time.Second)
			defer cancel()
			if gateway != "" {
				return c.report([]finding{c.checkGateway(ctx, gateway)})
			}
			return c.report(append([]finding{
				c.checkData(), c.checkPack(), c.checkEngine(), c.checkKafka(ctx), c.checkTopics(ctx),
				c.checkClickHouse(ctx), c.checkStored(ctx), c.checkGateway(ctx, "http://"+c.cfg.Gateway.Addr),
			}, append(c.checkFactory(ctx), c.checkBackends(ctx)...)...))
		}),
	}
	cmd.Flags().StringVar(&gateway, "gateway", "", "check only the gateway at this URL (for container health checks)")
	return jsonFlag(c, cmd)
}

func (c *cli) report(findings []finding) error {
	failed := false
	for _, f := range findings {
		failed = failed || f.Level == levelFailed
	}
	if c.json {
		if err := c.out.JSON(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			c.out.Linef("%s  %-12s %s", c.mark(f.Level), f.Check, f.Detail)
			if f.Fix != "" {
				c.out.Linef("      %s", f.Fix)
			}
		}
	}
	if failed {
		return errSaid
	}
	return nil
}

func (c *cli) mark(level string) string {
	switch level {
	case levelOK:
		return c.out.Good("ok  ")
	case levelWarning:
		return c.out.Odd("warn")
	default:
		return c.out.Bad("FAIL")
	}
}

func (c *cli) checkData() finding {
	dir := c.cfg.General.DataDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return finding{"data", levelFailed, err.Error(), "set RAGLINE_DATA_DIR to a directory that you may write"}
	}
	probe, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return finding{"data", levelFailed, err.Error(), "set RAGLINE_DATA_DIR to a directory that you may write"}
	}
	_ = probe.Close() // nothing was written
	_ = os.Remove(probe.Name())
	return finding{Check: "data", Level: levelOK, Detail: dir}
}

func (c *cli) checkPack() finding {
	pack, err := domain.Load(c.cfg.General.DomainDir)
	if err != nil {
		return finding{"knowledge", levelFailed, err.Error(), "mend the file, or set RAGLINE_DOMAIN_DIR to another pack"}
	}
	return finding{Check: "knowledge", Level: levelOK, Detail: fmt.Sprintf("%s: %d questions, %d seeds, %d facts", pack.Title, len(pack.Questions), len(pack.Seeds), len(pack.Facts.Rows()))}
}

func (c *cli) checkEngine() finding {
	if c.cfg.ClickHouse.URL != "" {
		return finding{Check: "engine", Level: levelOK, Detail: "not needed: CLICKHOUSE_URL is set"}
	}
	if path, err := clickhouse.FindLibrary(); err == nil {
		if err := clickhouse.CheckCPU(); err != nil {
			return finding{"engine", levelWarning, err.Error(), ""}
		}
		return finding{Check: "engine", Level: levelOK, Detail: path}
	}
	if path, ok := clickhouse.FindServer(); ok {
		return finding{Check: "engine", Level: levelOK, Detail: path}
	}
	fix := "ragline engine fetch"
	if _, err := exec.LookPath("npm"); err != nil {
		fix = "install npm and run `ragline engine fetch`, put a clickhouse binary on the PATH, or set CLICKHOUSE_URL"
	}
	return finding{"engine", levelWarning, "the embedded ClickHouse engine is not here; everything but the analytics runs", fix}
}

func (c *cli) checkKafka(ctx context.Context) finding {
	b, err := c.broker(ctx)
	if err != nil {
		return finding{"Kafka", levelFailed, err.Error(), "ragline up"}
	}
	return finding{Check: "Kafka", Level: levelOK, Detail: fmt.Sprint(b.Addrs())}
}

func (c *cli) checkTopics(ctx context.Context) finding {
	b, err := c.broker(ctx)
	if err != nil {
		return finding{Check: "topics", Level: levelWarning, Detail: "not checked: Kafka is away"}
	}
	var names []string
	for _, t := range topic.All() {
		names = append(names, t.Name)
	}
	extents, err := b.Ranges(ctx, names...)
	if err != nil {
		return finding{"topics", levelFailed, err.Error(), ""}
	}
	if missing := len(names) - len(extents); missing > 0 {
		return finding{"topics", levelFailed, fmt.Sprintf("%d of %d topics are missing", missing, len(names)), "ragline topics create"}
	}
	return finding{Check: "topics", Level: levelOK, Detail: fmt.Sprintf("all %d exist", len(names))}
}

func (c *cli) checkClickHouse(ctx context.Context) finding {
	w, err := c.warehouse(ctx, true)
	if err != nil {
		return finding{"ClickHouse", levelFailed, err.Error(), "ragline up"}
	}
	defer w.Close()
	return finding{Check: "ClickHouse", Level: levelOK, Detail: c.clickHouseAddress()}
}

// checkStored compares what is stored with what Kafka holds: a difference that stays is a sink that does not run.
func (c *cli) checkStored(ctx context.Context) finding {
	b, kafkaErr := c.broker(ctx)
	w, err := c.warehouse(ctx, true)
	if err := errors.Join(kafkaErr, err); err != nil {
		return finding{Check: "stored", Level: levelWarning, Detail: "not checked: Kafka or ClickHouse is away"}
	}
	defer w.Close()
	differences, err := demo.Compare(ctx, b, w)
	if err != nil {
		return finding{"stored", levelWarning, err.Error(), "ragline migrate"}
	}
	if len(differences) > 0 {
		d := differences[0]
		return finding{"stored", levelWarning, fmt.Sprintf("%d topics differ from Kafka, first %s: %d records, %d rows", len(differences), d.Topic, d.InKafka, d.Rows), "look again in a second; if it stays, is the sink running? ragline topics lag"}
	}
	return finding{Check: "stored", Level: levelOK, Detail: "ClickHouse holds every record of Kafka once"}
}

func (c *cli) checkGateway(ctx context.Context, base string) finding {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return finding{"gateway", levelFailed, err.Error(), "give a URL such as http://127.0.0.1:8080"}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return finding{"gateway", levelFailed, err.Error(), "ragline up, or ragline run gateway"}
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return finding{"gateway", levelFailed, base + " is not ready: " + res.Status, "is Kafka reachable?"}
	}
	return finding{Check: "gateway", Level: levelOK, Detail: base}
}
