package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/ragline/ragline/consumers/warehouse"
)

// warehouse opens ClickHouse once it answers, or says what to do. Analysts may only read.
func (c *cli) warehouse(ctx context.Context, analyst bool) (*warehouse.Warehouse, error) {
	w, err := c.openWarehouse(analyst)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := w.Table(ctx, "SELECT 1"); err != nil {
		_ = w.Close() // nothing was asked of it yet
		return nil, noAnswer(err)
	}
	return w, nil
}

// openWarehouse does not ask for an answer: there may be no database yet.
func (c *cli) openWarehouse(analyst bool) (*warehouse.Warehouse, error) {
	cfg := c.cfg.AnalystConfig()
	if !analyst {
		var err error
		if cfg, err = c.cfg.ClickHouseConfig(); err != nil {
			return nil, err
		}
	}
	return warehouse.Open(cfg, c.logger())
}

func noAnswer(err error) error {
	return fmt.Errorf("ClickHouse does not answer: start it with `ragline up`, or set CLICKHOUSE_URL (%w)", err)
}

// clickHouseAddress is the address without credentials.
func (c *cli) clickHouseAddress() string {
	u, err := url.Parse(c.cfg.AnalystConfig().URL)
	if err != nil {
		return "" // Load has parsed it
	}
	return "http://" + u.Host + "/?database=ragline"
}
