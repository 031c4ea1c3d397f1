# The stub-model loop on Python LangGraph: loop.py SYNCHRONOUS CALLS THREADS RUNS DIRECTORY. Prints one line of JSON.
import json
import operator
import os
import resource
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, TypedDict

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages

synchronous, calls, threads, runs, directory = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
steps = 2 * calls + 1
warm = 300 // steps + 1


class State(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    step_count: Annotated[int, operator.add]


def agent(state):
    i = state["step_count"]
    if i >= calls:
        return {"messages": [AIMessage("final answer")]}
    call = {"id": f"c{i}", "name": "search", "args": {"q": f"gasket api 622 {i}"}}
    return {"messages": [AIMessage("thinking about step", tool_calls=[call])], "step_count": 1}


def tools(state):
    call = state["messages"][-1].tool_calls[0]
    return {"messages": [ToolMessage("observation text " * 8, tool_call_id=call["id"], name="search")]}


path = os.path.join(directory, f"python-{os.getpid()}.db")
connection = sqlite3.connect(path, check_same_thread=False)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute(f"PRAGMA synchronous={synchronous}")
graph = StateGraph(State)
graph.add_node("agent", agent)
graph.add_node("tools", tools)
graph.add_edge(START, "agent")
graph.add_edge("tools", "agent")
graph.add_conditional_edges("agent", lambda s: "tools" if s["messages"][-1].tool_calls else END, ["tools", END])
compiled = graph.compile(checkpointer=SqliteSaver(connection))


def invoke(thread):
    config = {"configurable": {"thread_id": thread}, "recursion_limit": 100000}
    begun = time.perf_counter()
    result = compiled.invoke({"messages": [HumanMessage("q")]}, config, durability="sync")
    assert len(result["messages"]) == 2 * calls + 2
    return (time.perf_counter() - begun) * 1000


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


for i in range(warm):
    invoke(f"w{i}")
before = cpu()
if threads == 1:
    walls = [invoke(f"t{i}") for i in range(runs)]
else:
    with ThreadPoolExecutor(threads) as pool:
        walls = list(pool.map(lambda i: invoke(f"t{i}"), range(runs)))
used = cpu() - before
walls.sort()
connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
print(json.dumps({
    "cpu_us": used / (runs * steps) * 1e6,
    "p50_ms": walls[len(walls) // 2],
    "p99_ms": walls[len(walls) * 99 // 100],
    "file_bytes": os.path.getsize(path) // (runs + warm),
    "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
