"""Applies writes to a list of messages with LangGraph's add_messages and prints what is there after them.

Standard input: {"name": [write, ...]}. Standard output: {"name": [[type, text, id], ...]} or {"name": "error"}.
"""
import json
import sys

from langchain_core.messages import RemoveMessage
from langgraph.graph.message import add_messages


def write(value):
    """JSON has no RemoveMessage; LangGraph's server makes one of an object of type remove."""
    if isinstance(value, list):
        return [write(v) if isinstance(v, dict) else v for v in value]
    if isinstance(value, dict) and value.get("type") == "remove":
        return RemoveMessage(id=value["id"])
    return value


def run(writes):
    state = []
    for w in writes:
        state = add_messages(state, write(w))
    return [[m.type, m.content, m.id] for m in state]


out = {}
for name, writes in json.load(sys.stdin).items():
    try:
        out[name] = run(writes)
    except (ValueError, NotImplementedError):
        out[name] = "error"
json.dump(out, sys.stdout)
