// Asks the agent with the official client, as a chat would, and prints what it answered.
import { Client } from "@langchain/langgraph-sdk";

const client = new Client({ apiUrl: process.argv[2], apiKey: null, callerOptions: { maxRetries: 0 } });
const tell = (step, value) => console.log(JSON.stringify({ step, value: value ?? null }));
const said = (values) => values.messages.map((m) => ({ type: m.type, content: m.content, calls: m.tool_calls?.map((c) => c.name) }));
const ask = (thread, content, more) => client.runs.stream(thread, "agent", {
  input: { messages: [{ type: "human", content }] }, streamMode: ["values", "messages-tuple", "updates"], ...more,
});
const collect = async (events) => {
  const all = [];
  for await (const e of events) all.push(e);
  return all;
};
const modes = (events) => [...new Set(events.map((e) => e.event))].sort();
const last = (events) => events.filter((e) => e.event === "values").at(-1).data;

const { thread_id } = await client.threads.create();
let events = await collect(ask(thread_id, "What leak does API 624 accept?"));
tell("answer", { modes: modes(events), said: said(last(events)) });
tell("nodes", events.filter((e) => e.event === "updates").map((e) => Object.keys(e.data)[0]));
tell("messages", events.filter((e) => e.event === "messages").map((e) => ({ node: e.data[1].langgraph_node, type: e.data[0].type })));

const asked = (await client.threads.create()).thread_id;
events = await collect(ask(asked, process.argv[3]));
const interrupt = last(events).__interrupt__?.[0];
tell("interrupt", interrupt?.value);
tell("interrupted", (await client.threads.get(asked)).status);
tell("found", (await client.threads.search({ status: "interrupted" })).map((t) => t.thread_id === asked));
const resumed = await collect(client.runs.stream(asked, "agent", { command: { resume: { decisions: [{ type: "approve" }] } }, streamMode: ["values", "updates"] }));
tell("approved", { nodes: resumed.filter((e) => e.event === "updates").map((e) => Object.keys(e.data)[0]), said: said(last(resumed)) });
tell("idle", (await client.threads.get(asked)).status);

const history = await client.threads.getHistory(asked, { limit: 100 });
tell("history", history.map((s) => [s.metadata.source, s.next.join()]));
const question = history.find((s) => s.next[0] === "human_review");
events = await collect(client.runs.stream(asked, "agent", { input: null, checkpoint: question.checkpoint, streamMode: ["values", "updates"] }));
tell("fork", last(events).__interrupt__?.[0].value.action_requests);
const rejected = await client.runs.wait(asked, "agent", { command: { resume: [{ type: "ignore", args: null }] } });
tell("rejected", said(rejected));
await client.threads.delete(asked);
tell("deleted", (await client.threads.search({ ids: [asked] })).length);
