"""The graph of the tests, for the Python server: the shape of a ReAct loop whose tool waits for a person."""

import asyncio
import operator
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import StreamWriter, interrupt


class State(TypedDict, total=False):
    messages: Annotated[list[AnyMessage], add_messages]
    step_count: Annotated[int, operator.add]
    human_decision: Any
    mode: str


async def thought(state: State, writer: StreamWriter):
    mode = state.get("mode")
    if mode == "sleep":
        await asyncio.sleep(600)
    if mode == "fail":
        raise ValueError("the model is out")
    writer({"thinking": True})
    done = any(m.type == "tool" for m in state["messages"]) or state.get("human_decision") == "rejected"
    if done:
        return {"messages": [AIMessage(content="done", id="a2")], "step_count": 1}
    call = {"id": "c1", "name": "search", "args": {"q": "x"}, "type": "tool_call"}
    return {"messages": [AIMessage(content="", id="a1", tool_calls=[call])], "step_count": 1}


async def human_review(state: State):
    return {"human_decision": interrupt({"action": "search", "args": {"q": "x"}})}


async def tool_executor(state: State):
    return {"messages": [ToolMessage(content="obs", tool_call_id="c1", name="search", id="t1")]}


def after_thought(state: State):
    return "human_review" if getattr(state["messages"][-1], "tool_calls", None) else "final"


def after_review(state: State):
    return "approved" if state["human_decision"] == "approved" else "rejected"


graph = (
    StateGraph(State)
    .add_node("thought", thought)
    .add_node("human_review", human_review)
    .add_node("tool_executor", tool_executor)
    .add_edge(START, "thought")
    .add_conditional_edges("thought", after_thought, {"human_review": "human_review", "final": END})
    .add_conditional_edges("human_review", after_review, {"approved": "tool_executor", "rejected": "thought"})
    .add_edge("tool_executor", "thought")
    .compile()
)
