package agent

import (
	"github.com/ragline/ragline/consumers/agent/graph/picture"
	"github.com/ragline/ragline/consumers/agent/react"
)

// Picture is the agent's graph for drawing. It needs nothing that runs.
func Picture() picture.Graph { return react.New(react.Deps{}).Picture() }
