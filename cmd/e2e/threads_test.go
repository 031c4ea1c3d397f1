package e2e

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/langgraphtest"
)

// checkpoint is what `ragline history --json` prints of one.
type checkpoint struct {
	Checkpoint struct {
		ID string `json:"checkpoint_id"`
	}
	Metadata struct {
		Source string
		Step   int
	}
	Next []string
}

// replayed is what `ragline replay --json` prints.
type replayed struct {
	ThreadID     string `json:"thread_id"`
	CheckpointID string `json:"checkpoint_id"`
	Answer       string
	Steps        []struct{ Node string }
	Interrupts   []struct{ ID string }
}

const mechanical = "How many mechanical cycles does API 622 run?"

// TestThreadIsLookedIntoReplayedAndForked asks one question and goes back to it, before and after kill -9.
func TestThreadIsLookedIntoReplayedAndForked(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	down := s.run("", "threads")
	require.Equal(t, 1, down.code, down.text())
	require.Contains(t, down.stderr, "start it with `ragline up`")
	p := s.start()
	p.ready(t)
	s.ingestPack()

	asked := decode[struct {
		ThreadID string `json:"threadId"`
		Text     string
	}](s, "ask", "--json", mechanical)
	var start string // the checkpoint before the first thought
	t.Run("threads and history", func(t *testing.T) {
		s := s.in(t)
		require.Regexp(t, asked.ThreadID+`  idle .*`+mechanical[:20], s.do("threads"))
		history := decode[[]checkpoint](s, "history", asked.ThreadID[:20], "--json")
		require.Greater(t, len(history), 5)
		last := history[len(history)-1]
		require.Equal(t, "input", last.Metadata.Source)
		start = history[len(history)-2].Checkpoint.ID
		require.Equal(t, []string{"thought"}, history[len(history)-2].Next)
		require.Contains(t, s.do("state", asked.ThreadID, "--at", start), "human: "+mechanical)
	})
	t.Run("replay", func(t *testing.T) {
		inOrder(t, s.in(t).do("replay", asked.ThreadID, start), "thought ", "final_answer ", "\n"+asked.Text+"\n")
	})
	var forked checkpoint
	t.Run("fork with another question", func(t *testing.T) {
		forked = decode[checkpoint](s.in(t), "fork", asked.ThreadID, start, "--question", "What does API 641 cover?", "--json")
		require.Equal(t, "update", forked.Metadata.Source)
	})
	p.killAll()
	p = s.start()
	p.ready(t)
	t.Run("replay the fork after kill -9", func(t *testing.T) {
		s := s.in(t)
		r := decode[replayed](s, "replay", asked.ThreadID, forked.Checkpoint.ID, "--json")
		require.Contains(t, r.Answer, "[api-641]")
		require.Equal(t, r.CheckpointID, decode[[]checkpoint](s, "history", asked.ThreadID, "--json")[0].Checkpoint.ID)
	})
	t.Run("a quotation on a branch waits for a person, and is approved by the command", func(t *testing.T) {
		s := s.in(t)
		r := decode[replayed](s, "replay", asked.ThreadID, start, "--question", "Please prepare a quotation for 20 m of NS-P101 for Acme Pumps.", "--json")
		require.Len(t, r.Interrupts, 1)
		require.Empty(t, r.Answer)
		require.Contains(t, s.do("threads", "--status", "interrupted"), asked.ThreadID)
		require.Eventually(t, func() bool { return len(s.waiting()) == 1 }, time.Minute, 100*time.Millisecond)
		require.Contains(t, s.do("review", "show", r.Interrupts[0].ID), "total EUR 368.00")
		s.do("review", "approve", r.Interrupts[0].ID[:8], "--reviewer", "ada")
		require.Eventually(t, func() bool { return strings.Contains(s.do("threads", "--status", "idle"), asked.ThreadID) }, time.Minute, 100*time.Millisecond)
		require.Contains(t, s.do("state", asked.ThreadID, "--json"), "EUR 368.00")
		require.Eventually(t, func() bool { return len(s.quotations(asked.ThreadID)) == 1 }, time.Minute, 100*time.Millisecond)
	})
	p.stop(t)
}

// drive is what an application does with LangGraph's own client.
const drive = `
import { Client } from "@langchain/langgraph-sdk";
const client = new Client({ apiUrl: process.argv[2], apiKey: null, callerOptions: { maxRetries: 0 } });
const { thread_id } = await client.threads.create({ metadata: { customer: "acme" } });
const nodes = [], interrupts = [];
const follow = async (stream) => {
  for await (const { event, data } of stream) {
    if (event === "error") throw new Error(JSON.stringify(data));
    if (event !== "updates") continue;
    for (const [node, written] of Object.entries(data)) node === "__interrupt__" ? interrupts.push(...written) : nodes.push(node);
  }
};
await follow(client.runs.stream(thread_id, "agent", {
  input: { messages: [{ role: "user", content: "Please prepare a quotation for 20 m of NS-P101 for Acme Pumps." }] }, streamMode: ["updates"],
}));
const waiting = (await client.threads.get(thread_id)).status;
await follow(client.runs.stream(thread_id, "agent", { command: { resume: { decisions: [{ type: "approve" }] } }, streamMode: ["updates"] }));
const { values } = await client.threads.getState(thread_id);
const history = await client.threads.getHistory(thread_id, { limit: 100 });
console.log(JSON.stringify({
  thread_id, waiting, nodes, action: interrupts[0].value.action_requests[0].name, asked: interrupts.length,
  answer: values.messages.at(-1).content, first: history.at(-1).metadata, status: (await client.threads.get(thread_id)).status,
}));`

// TestLangGraphsOwnClientDrivesTheAgent is a whole conversation of the official JavaScript SDK with a running system.
func TestLangGraphsOwnClientDrivesTheAgent(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	node := langgraphtest.Node(t)
	script := langgraphtest.Script(t, node, "drive.mjs", []byte(drive))
	p := s.start()
	p.ready(t)
	s.ingestPack()

	cmd := exec.CommandContext(t.Context(), "node", script, "http://"+s.agent)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	require.NoError(t, err, "%s\n%s\n%s", out, &problems, p.text())
	var seen struct {
		ThreadID string `json:"thread_id"`
		Waiting  string
		Nodes    []string
		Action   string
		Asked    int
		Answer   string
		First    struct{ Source string }
		Status   string
	}
	require.NoError(t, json.Unmarshal(out, &seen), "%s", out)
	require.Equal(t, "interrupted", seen.Waiting)
	require.Equal(t, "generate_quotation", seen.Action)
	require.Equal(t, 1, seen.Asked)
	require.Equal(t, []string{"thought", "action_selector", "human_review", "tool_executor", "observation"}, seen.Nodes[:5], "%v", seen.Nodes)
	require.Contains(t, seen.Answer, "EUR 368.00")
	require.Equal(t, "idle", seen.Status)
	require.Equal(t, "input", seen.First.Source)

	require.Len(t, s.quotations(seen.ThreadID), 1, "what came over HTTP is published like all else")
	s.waitAnswer(seen.ThreadID, "EUR 368.00")
	require.Contains(t, s.do("threads", "--metadata", "customer=acme"), seen.ThreadID)
	require.True(t, strings.HasPrefix(s.do("history", seen.ThreadID), "checkpoint "))
	p.stop(t)
}
