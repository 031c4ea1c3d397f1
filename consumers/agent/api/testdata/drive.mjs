// Drives a LangGraph server with the official client and prints what it answered, a JSON line for each step.
import { Client } from "@langchain/langgraph-sdk";

const client = new Client({ apiUrl: process.argv[2], apiKey: null, callerOptions: { maxRetries: 0 } });
const hi = { messages: [{ type: "human", content: "hi", id: "h1" }] };
const tell = (step, value) => console.log(JSON.stringify({ step, value: value ?? null }));
const refused = async (step, promise) => {
  try { tell(step, { unexpected: await promise }); } catch (e) { tell(step, { status: e.status ?? String(e) }); }
};
const stream = async (iterator) => {
  const events = [];
  for await (const { id, event, data } of iterator) events.push({ event, data });
  return events;
};
const outline = (history) => history.map((s) => ({
  source: s.metadata.source, step: s.metadata.step, next: s.next, tasks: s.tasks.map((t) => ({ name: t.name, interrupts: t.interrupts, result: t.result })),
}));
const started = async (thread, input, more) => {
  const run = await client.runs.create(thread, "agent", { input, ...more });
  for (;;) {
    const { status } = await client.runs.get(thread, run.run_id);
    if (status !== "pending") return run;
  }
};

tell("assistants.search", await client.assistants.search({ metadata: { created_by: "system" }, limit: 10, offset: 0 }));
const [assistant] = await client.assistants.search({ graphId: "agent" });
tell("assistants.get", await client.assistants.get(assistant.assistant_id));
tell("assistants.getGraph", await client.assistants.getGraph(assistant.assistant_id));
tell("assistants.getSubgraphs", await client.assistants.getSubgraphs(assistant.assistant_id));
await refused("assistants.get unknown", client.assistants.get("6b2b8f8e-2f0c-4e0e-9d0a-000000000000"));

// A thread that stops at the question, is looked at, and goes on.
const thread = await client.threads.create({ metadata: { purpose: "drive" } });
tell("threads.create", thread);
tell("threads.getState new", await client.threads.getState(thread.thread_id));
tell("threads.getHistory new", await client.threads.getHistory(thread.thread_id));
let location;
tell("runs.stream", await stream(client.runs.stream(thread.thread_id, "agent", {
  input: hi, streamMode: ["values", "updates", "messages-tuple", "custom"], onRunCreated: (run) => { location = run; },
})));
tell("runs.stream created", { thread: location.thread_id, run: typeof location.run_id });
tell("threads.get interrupted", await client.threads.get(thread.thread_id));
const waiting = await client.threads.getState(thread.thread_id);
tell("threads.getState interrupted", waiting);
tell("threads.getState at", await client.threads.getState(thread.thread_id, waiting.checkpoint));
tell("runs.get", await client.runs.get(thread.thread_id, location.run_id));
tell("runs.stream resume", await stream(client.runs.stream(thread.thread_id, "agent", { command: { resume: "approved" }, streamMode: ["values", "updates"] })));
tell("threads.get idle", await client.threads.get(thread.thread_id));
const history = await client.threads.getHistory(thread.thread_id);
tell("threads.getHistory", outline(history));
tell("threads.getHistory before", outline(await client.threads.getHistory(thread.thread_id, { limit: 1, before: history[0].checkpoint.checkpoint_id }).catch(() => [])));

// Back to the question, another answer, on a branch of its own.
const question = history.find((s) => s.next[0] === "human_review");
tell("runs.stream fork", await stream(client.runs.stream(thread.thread_id, "agent", { input: null, checkpoint: question.checkpoint, streamMode: ["updates"] })));
tell("runs.stream fork resume", await stream(client.runs.stream(thread.thread_id, "agent", { command: { resume: "rejected" }, streamMode: ["updates"] })));
tell("threads.getHistory fork", outline(await client.threads.getHistory(thread.thread_id, { limit: 20 })).map(({ source, next }) => ({ source, next })));

// Edits of the state.
const edited = (await client.threads.create()).thread_id;
await client.runs.wait(edited, "agent", { input: hi });
const before = await client.threads.getState(edited);
tell("threads.updateState", Object.keys((await client.threads.updateState(edited, { values: { human_decision: "approved" }, asNode: "human_review" })).checkpoint).sort());
tell("threads.getState updated", await client.threads.getState(edited));
tell("runs.wait updated", await client.runs.wait(edited, "agent", { input: null }));
await client.threads.updateState(edited, { values: null, asNode: "__copy__", checkpoint: before.checkpoint });
tell("threads.getState copied", outline([await client.threads.getState(edited)]));
await client.threads.updateState(edited, { values: null, asNode: "__end__" });
tell("threads.getState ended", outline([await client.threads.getState(edited)]));
await refused("threads.updateState unknown node", client.threads.updateState(edited, { values: { step_count: 1 }, asNode: "nowhere" }));

// A copy answers by itself.
const source = (await client.threads.create()).thread_id;
await client.runs.wait(source, "agent", { input: hi });
const copy = (await client.threads.copy(source)).thread_id;
tell("threads.copy", await stream(client.runs.stream(copy, "agent", { input: null, streamMode: ["updates"] })));
tell("threads.copy resume", await stream(client.runs.stream(copy, "agent", { command: { resume: "approved" }, streamMode: ["updates"] })));
tell("threads.getState source", outline([await client.threads.getState(source)]));

// Told to stop.
const told = (await client.threads.create()).thread_id;
tell("runs.stream interruptBefore", await stream(client.runs.stream(told, "agent", { input: hi, interruptBefore: ["thought"], streamMode: ["updates", "values"] })));
tell("threads.get interruptBefore", await client.threads.get(told));
tell("runs.stream interruptAfter", await stream(client.runs.stream(told, "agent", { input: null, interruptAfter: ["thought"], streamMode: ["updates", "values"] })));

// In the background, and joined.
const back = (await client.threads.create()).thread_id;
const run = await client.runs.create(back, "agent", { input: hi, streamMode: ["updates"], streamResumable: true });
tell("runs.joinStream", await stream(client.runs.joinStream(back, run.run_id, { lastEventId: "-1" })));
tell("runs.join", await client.runs.join(back, run.run_id));
tell("runs.list", (await client.runs.list(back)).map(({ status, multitask_strategy }) => ({ status })));

// Cancelled.
const busy = (await client.threads.create()).thread_id;
const sleeping = await started(busy, { ...hi, mode: "sleep" });
tell("threads.get busy", (await client.threads.get(busy)).status);
await refused("threads.updateState busy", client.threads.updateState(busy, { values: { step_count: 1 }, asNode: "thought" }));
await refused("runs.create reject", client.runs.create(busy, "agent", { input: hi, multitaskStrategy: "reject" }));
const queued = await client.runs.create(busy, "agent", { input: { ...hi, mode: "" }, multitaskStrategy: "enqueue" });
await client.runs.cancel(busy, sleeping.run_id, true);
tell("runs.cancel", (await client.runs.get(busy, sleeping.run_id)).status);
await client.runs.join(busy, queued.run_id);
tell("runs.create enqueue", (await client.runs.get(busy, queued.run_id)).status);
const again = (await client.threads.create()).thread_id;
const first = await started(again, { ...hi, mode: "sleep" });
tell("runs.wait interrupt", Object.keys(await client.runs.wait(again, "agent", { input: { ...hi, mode: "" }, multitaskStrategy: "interrupt" })).includes("__interrupt__"));
tell("runs.get interrupted", (await client.runs.get(again, first.run_id)).status);

// Failures.
const failing = (await client.threads.create()).thread_id;
tell("runs.stream failing", await stream(client.runs.stream(failing, "agent", { input: { mode: "fail" }, streamMode: ["values"] })));
tell("runs.wait failing", await client.runs.wait(failing, "agent", { input: { mode: "fail" }, raiseError: false }));
tell("threads.get failed", (await client.threads.get(failing)).status);
const nowhere = "6b2b8f8e-2f0c-4e0e-9d0a-000000000000";
await refused("threads.get unknown", client.threads.get(nowhere));
await refused("threads.getState unknown", client.threads.getState(nowhere));
await refused("runs.create unknown thread", client.runs.create(nowhere, "agent", { input: hi }));
await refused("runs.create unknown assistant", client.runs.create(failing, nowhere, { input: hi }));
await refused("threads.create again", client.threads.create({ threadId: failing }));
tell("threads.create do_nothing", (await client.threads.create({ threadId: failing, ifExists: "do_nothing" })).thread_id === failing);

// Without a thread.
tell("runs.stream stateless", await stream(client.runs.stream(null, "agent", { input: { ...hi, human_decision: "rejected" }, streamMode: ["updates"] })));
tell("runs.wait stateless", await client.runs.wait(null, "agent", { input: { ...hi, human_decision: "rejected" } }));

// Found again.
tell("threads.search", (await client.threads.search({ metadata: { purpose: "drive" } })).map((t) => t.thread_id === thread.thread_id));
tell("threads.search status", (await client.threads.search({ ids: [source, failing], status: "interrupted" })).map((t) => t.thread_id === source));
tell("threads.count", await client.threads.count({ metadata: { purpose: "drive" } }));
tell("threads.update", (await client.threads.update(failing, { metadata: { more: 1 } })).metadata.more);
await client.threads.delete(failing);
await refused("threads.get deleted", client.threads.get(failing));
