package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/ragline/ragline/cmd/internal/threads"
)

// agentCall is a command line's way to the running agent, whose store nobody else can open.
type agentCall struct {
	*cli
	*threads.Client
	wait *wait
}

// withAgent wraps a command's body: settings, then the way to the agent, and what to do about its errors.
func (c *cli) withAgent(run func(ctx context.Context, a *agentCall, args []string) error) func(*cobra.Command, []string) error {
	return c.withConfig(func(cmd *cobra.Command, args []string) error {
		client, err := c.agent()
		if err != nil {
			return err
		}
		defer client.Close()
		a := &agentCall{cli: c, Client: client, wait: newWait(c.err)}
		defer a.wait.end()
		return explain(run(cmd.Context(), a, args), client.Address())
	})
}

func (c *cli) agent() (*threads.Client, error) {
	cfg := c.cfg.AgentAPI
	if _, port, err := net.SplitHostPort(cfg.Addr); err != nil || port == "0" {
		return nil, usagef("RAGLINE_AGENT_API_ADDR=%s: set it to the address at which the agent serves, such as 127.0.0.1:8124", cfg.Addr)
	}
	key := ""
	if len(cfg.APIKeys) > 0 {
		key = cfg.APIKeys[0]
	}
	return threads.New(cfg.Addr, key), nil
}

// explain adds what to do.
func explain(err error, address string) error {
	var unknown *threads.Unknown
	var ambiguous *threads.Ambiguous
	switch {
	case err == nil:
		return nil
	case errors.Is(err, threads.ErrAway):
		return fmt.Errorf("the agent does not answer at %s: start it with `ragline up`, or set RAGLINE_AGENT_API_ADDR (%w)", address, err)
	case errors.Is(err, threads.ErrAnother):
		return fmt.Errorf("%w: set RAGLINE_AGENT_API_ADDR to the address of the agent's server", err)
	case threads.Is(err, http.StatusUnauthorized):
		return errors.New("the agent's server lets only holders of a key in: set RAGLINE_AGENT_API_KEYS to one of its keys")
	case errors.As(err, &unknown) && unknown.What == "thread":
		return fmt.Errorf("%w (`ragline threads` lists them)", err)
	case errors.As(err, &unknown), errors.As(err, &ambiguous) && ambiguous.What == "checkpoint":
		return fmt.Errorf("%w (`ragline history THREAD` lists them)", err)
	}
	return err
}
