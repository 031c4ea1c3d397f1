package api_test

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent"
	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/consumers/agent/langgraphtest"
	"github.com/ragline/ragline/consumers/domain"
	"github.com/ragline/ragline/consumers/streamtest"
	"github.com/ragline/ragline/producers/knowledge"
)

// serveAgent serves the agent itself, with the demo's documents, and returns the server's URL.
func serveAgent(t *testing.T) string {
	t.Helper()
	pack, err := domain.Load("../../../deploy/domain/jdjones")
	require.NoError(t, err)
	cluster := streamtest.NewCluster(t)
	defaults := env.Options{Environment: map[string]string{}}
	documents, err := env.ParseAsWithOptions[knowledge.Config](defaults)
	require.NoError(t, err)
	_, err = knowledge.Ingest(t.Context(), pack.DocumentsDir, cluster.Broker, knowledge.Options{Config: documents})
	require.NoError(t, err)
	cfg, err := env.ParseAsWithOptions[agent.Config](defaults)
	require.NoError(t, err)
	cfg.DB = filepath.Join(t.TempDir(), "agent.db")
	a, err := agent.New(cfg, agent.Deps{Broker: cluster.Broker, Pack: pack})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	streamtest.Start(t, a.Run)
	s, err := api.New(config(), api.Deps{Graphs: []api.Graph{a.Served()}, Backend: a.Backend(), Logger: discard()})
	require.NoError(t, err)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

// TestTheOfficialClientDrivesTheAgent asks the agent a question and for a quotation, approves it, goes back and rejects it.
func TestTheOfficialClientDrivesTheAgent(t *testing.T) {
	t.Parallel()
	node := langgraphtest.Node(t)
	script := langgraphtest.Script(t, node, "agent.mjs", read(t, "agent.mjs"))
	got := map[string]string{}
	for _, s := range drive(t, "node", script, serveAgent(t), "Please prepare a quotation for 20 m of NS-P101 for Acme Pumps.") {
		text, err := json.Marshal(s.Value)
		require.NoError(t, err)
		got[s.Step] = string(text)
	}
	require.Contains(t, got["answer"], `"modes":["messages","metadata","updates","values"]`)
	require.Contains(t, got["answer"], "100 ppmv")
	require.Contains(t, got["nodes"], `"thought","action_selector","tool_executor","observation","thought"`)
	require.Contains(t, got["messages"], `{"node":"thought","type":"AIMessageChunk"}`)
	require.Contains(t, got["interrupt"], `"action_requests":[{`)
	require.Contains(t, got["interrupt"], `"allowed_decisions":["approve","edit","reject","respond"]`)
	require.Equal(t, `"interrupted"`, got["interrupted"])
	require.Equal(t, `[true]`, got["found"])
	require.Contains(t, got["approved"], `"nodes":["human_review","tool_executor","observation","thought","action_selector","final_answer"]`)
	require.Contains(t, got["approved"], "EUR 368.00")
	require.Equal(t, `"idle"`, got["idle"])
	require.Contains(t, got["history"], `["loop","human_review"]`)
	require.Contains(t, got["history"], `["input","__start__"]]`)
	require.Contains(t, got["fork"], `"name":"generate_quotation"`)
	require.Contains(t, got["rejected"], "did not approve")
	require.NotContains(t, got["rejected"], `"content":"Quotation`)
	require.Equal(t, `0`, got["deleted"])
}
