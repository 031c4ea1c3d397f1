// The graph of the tests, for the JavaScript server: the shape of a ReAct loop whose tool waits for a person.
import { Annotation, END, interrupt, messagesStateReducer, START, StateGraph } from "@langchain/langgraph";
import { AIMessage, ToolMessage } from "@langchain/core/messages";

const State = Annotation.Root({
  messages: Annotation({ reducer: messagesStateReducer, default: () => [] }),
  step_count: Annotation({ reducer: (a, b) => a + b, default: () => 0 }),
  human_decision: Annotation(),
  mode: Annotation(),
});

async function thought(state, config) {
  if (state.mode === "sleep") {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, 600_000);
      config.signal?.addEventListener("abort", () => { clearTimeout(timer); reject(new Error("aborted")); });
    });
  }
  if (state.mode === "fail") throw new Error("the model is out");
  config.writer?.({ thinking: true });
  const done = state.messages.some((m) => m.getType() === "tool") || state.human_decision === "rejected";
  if (done) return { messages: [new AIMessage({ content: "done", id: "a2" })], step_count: 1 };
  const call = { id: "c1", name: "search", args: { q: "x" }, type: "tool_call" };
  return { messages: [new AIMessage({ content: "", id: "a1", tool_calls: [call] })], step_count: 1 };
}

const human_review = () => ({ human_decision: interrupt({ action: "search", args: { q: "x" } }) });
const tool_executor = () => ({ messages: [new ToolMessage({ content: "obs", tool_call_id: "c1", name: "search", id: "t1" })] });

export const graph = new StateGraph(State)
  .addNode("thought", thought)
  .addNode("human_review", human_review)
  .addNode("tool_executor", tool_executor)
  .addEdge(START, "thought")
  .addConditionalEdges("thought", (s) => (s.messages.at(-1).tool_calls?.length ? "human_review" : "final"), { human_review: "human_review", final: END })
  .addConditionalEdges("human_review", (s) => (s.human_decision === "approved" ? "approved" : "rejected"), { approved: "tool_executor", rejected: "thought" })
  .addEdge("tool_executor", "thought")
  .compile();
