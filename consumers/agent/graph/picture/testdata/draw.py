"""Draws each graph of a file like cases.json with LangGraph and writes it to a folder: draw.py CASES FOLDER."""

import json
import pathlib
import sys
from typing import TypedDict

from langchain_core.runnables.graph import CurveStyle, Edge, Graph, Node
from langgraph.graph import StateGraph


class State(TypedDict):
    x: int


def compiled(case):
    graph = StateGraph(State)
    for node in case["nodes"]:
        graph.add_node(node["name"], lambda s: s, metadata=node.get("metadata"), defer=node.get("defer", False))
    for source, target in case["edges"]:
        graph.add_edge(source, target)
    for branch in case["branches"]:
        graph.add_conditional_edges(branch["source"], lambda s: None, dict(branch["paths"]))
    stops = {"interrupt_before": case.get("before", []), "interrupt_after": case.get("after", [])}
    return graph.compile(**stops).get_graph()


def drawn(case):
    """What get_graph(xray=True) gives for a graph with sub-graphs."""
    names = ["__start__", *(n["name"] for n in case["nodes"]), "__end__"]
    nodes = {name: Node(id=name, name=name.split(":")[-1], data=None, metadata=None) for name in names}
    edges = [Edge(s, t) for s, t in case["edges"]]
    for branch in case["branches"]:
        edges += [Edge(branch["source"], t, label, True) for label, t in branch["paths"]]
    return Graph(nodes=nodes, edges=sorted(edges, key=lambda e: (e.target == "__end__", e.source, e.target)))


cases, folder = map(pathlib.Path, sys.argv[1:])
for case in json.loads(cases.read_text(encoding="utf-8")):
    graph = drawn(case) if case.get("drawn") else compiled(case)
    text = graph.draw_mermaid(
        with_styles=not case.get("without_styles", False),
        curve_style=CurveStyle(case.get("curve", "linear")),
    )
    (folder / (case["name"] + ".mmd")).write_text(text, encoding="utf-8")
