// The stub-model loop on LangGraph.js: loop.mjs SYNCHRONOUS CALLS THREADS RUNS DIRECTORY. Prints one line of JSON.
import fs from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { Annotation, END, START, StateGraph, messagesStateReducer } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";

const [synchronous, ...rest] = process.argv.slice(2);
const [calls, threads, runs] = rest.slice(0, 3).map(Number);
const steps = 2 * calls + 1;
const warm = Math.floor(300 / steps) + 1;
const State = Annotation.Root({
  messages: Annotation({ reducer: messagesStateReducer, default: () => [] }),
  step_count: Annotation({ reducer: (a, b) => a + b, default: () => 0 }),
});

const agent = (state) => {
  const i = state.step_count;
  if (i >= calls) return { messages: [new AIMessage("final answer")] };
  const call = { id: `c${i}`, name: "search", args: { q: `gasket api 622 ${i}` }, type: "tool_call" };
  return { messages: [new AIMessage({ content: "thinking about step", tool_calls: [call] })], step_count: 1 };
};
const tools = (state) => ({
  messages: [new ToolMessage({
    content: "observation text ".repeat(8), tool_call_id: state.messages.at(-1).tool_calls[0].id, name: "search",
  })],
});

const file = path.join(rest[3], `javascript-${process.pid}.db`);
const db = new Database(file);
db.pragma("journal_mode=WAL");
db.pragma(`synchronous=${synchronous}`);
const graph = new StateGraph(State)
  .addNode("agent", agent)
  .addNode("tools", tools)
  .addEdge(START, "agent")
  .addEdge("tools", "agent")
  .addConditionalEdges("agent", (s) => (s.messages.at(-1).tool_calls?.length ? "tools" : END), ["tools", END])
  .compile({ checkpointer: new SqliteSaver(db) });

const walls = [];
const invoke = async (thread) => {
  const begun = performance.now();
  const result = await graph.invoke(
    { messages: [new HumanMessage("q")] },
    { configurable: { thread_id: thread }, recursionLimit: 100000, durability: "sync" },
  );
  if (result.messages.length !== 2 * calls + 2) throw new Error("wrong number of messages");
  return performance.now() - begun;
};
for (let i = 0; i < warm; i++) await invoke(`w${i}`);
const before = process.cpuUsage();
let next = 0;
const worker = async () => {
  while (next < runs) walls.push(await invoke(`t${next++}`));
};
await Promise.all(Array.from({ length: threads }, worker));
const used = process.cpuUsage(before);
walls.sort((a, b) => a - b);
db.pragma("wal_checkpoint(TRUNCATE)");
console.log(JSON.stringify({
  cpu_us: (used.user + used.system) / (runs * steps),
  p50_ms: walls[walls.length >> 1],
  p99_ms: walls[Math.floor(walls.length * 0.99)],
  file_bytes: Math.floor(fs.statSync(file).size / (runs + warm)),
  rss_mb: process.resourceUsage().maxRSS / 1024,
}));
