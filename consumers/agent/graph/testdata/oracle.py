"""Runs the cases of the file named by the first argument on LangGraph and prints what became of each as JSON.

A case is a graph of plain functions and the commands that are given to it; case_test.go has the same in Go.
"""

import json
import operator
import sys
import time
import warnings
from typing import Annotated

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import EmptyInputError, GraphRecursionError, InvalidUpdateError
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Interrupt, Overwrite, RetryPolicy, Send, StateUpdate, interrupt
from typing_extensions import TypedDict

warnings.simplefilter("ignore")


def larger(a, b):
    return max(a, b)


class State(TypedDict):
    log: Annotated[list, operator.add]
    total: Annotated[int, operator.add]
    best: Annotated[int, larger]
    word: str


class Boom(Exception):
    pass


CONFIG = {"configurable": {"thread_id": "t"}}


class Case:
    def __init__(self, case):
        self.case, self.saver, self.ran, self.failed = case, InMemorySaver(), [], {}
        b = StateGraph(State)
        for name, n in case["nodes"].items():
            retry = RetryPolicy(initial_interval=0, jitter=False, max_attempts=n["retry"], retry_on=Boom) if n.get("retry") else None
            b.add_node(name, self.node(name, n), defer=n.get("defer", False), retry_policy=retry)
        for start, end in case.get("edges") or []:
            b.add_edge(start, end)
        for j in case.get("joins") or []:
            b.add_edge(j["from"], j["to"])
        for i, br in enumerate(case.get("branches") or []):
            choose = self.route(br)
            choose.__name__ = "choose%d" % i  # LangGraph refuses two of one name
            b.add_conditional_edges(br["from"], choose, br.get("labels") or None)
        self.graph = b.compile(
            checkpointer=self.saver, interrupt_before=breaks(case, "before"), interrupt_after=breaks(case, "after")
        )

    def node(self, name, n):
        def run(state):
            self.ran.append(name)
            entry = name + ":" + state["input"] if "input" in state else name
            if n.get("see"):
                entry += "<%d" % len(state.get("log") or [])
            log = [entry]
            for question in n.get("ask") or []:
                log.append(question + "=" + str(interrupt(question)))
            if n.get("fail"):
                while n.get("after") and not self.stored(n["after"]):
                    time.sleep(0.002)
                self.failed[name] = self.failed.get(name, 0) + 1
                if n["fail"] < 0 or self.failed[name] <= n["fail"]:
                    raise Boom(name)
            out = {"log": log, "total": 1}
            for key in ("word", "best", "unknown"):
                if n.get(key):
                    out[key] = n[key]
            if n.get("replace"):
                out["log"] = Overwrite(n["replace"])
            to = list(n.get("goto") or []) + [Send(node, {"input": arg}) for node, arg in n.get("sends") or []]
            return Command(update=out, goto=to) if to else out

        return run

    def stored(self, entry):
        """Says whether the writes of the task that has logged the entry are stored."""
        writes = [w for by_task in list(self.saver.writes.values()) for w in list(by_task.values())]
        return any(channel == "log" and self.saver.serde.loads_typed(value)[:1] == [entry] for _, channel, value, _ in writes)

    def route(self, br):
        def choose(state):
            visits = sum(e.split("<")[0].split(":")[0] == br["from"] for e in state["log"])
            table = br["to"]
            out = list(table[min(max(visits - 1, 0), len(table) - 1)])
            return out + [Send(node, {"input": arg}) for node, arg in br.get("sends") or []]

        return choose

    def config(self, step):
        config = {"configurable": dict(CONFIG["configurable"])}
        if step.get("limit"):
            config["recursion_limit"] = step["limit"]
        if "at" in step:
            for s in self.graph.get_state_history(CONFIG):
                if s.metadata["step"] == step["at"] and step.get("source", s.metadata["source"]) == s.metadata["source"]:
                    config["configurable"] |= s.config["configurable"]
                    break
        return config

    def do(self, step):
        config, values = self.config(step), step.get("values")
        options = {"durability": "sync", "interrupt_before": breaks(step, "before"), "interrupt_after": breaks(step, "after")}
        options = {k: v for k, v in options.items() if v}
        match step["do"]:
            case "invoke":
                self.graph.invoke(values or {"log": []}, config, **options)
            case "continue":
                self.graph.invoke(None, config, **options)
            case "resume":
                resume = step.get("plain")
                if resume is None:
                    open_ = {i.value: i.id for i in self.graph.get_state(CONFIG).interrupts}
                    resume = {open_[question]: answer for question, answer in step["answers"].items()}
                self.graph.invoke(Command(resume=resume), config, **options)
            case "yes":
                resume = {i.id: "yes" for i in self.graph.get_state(CONFIG).interrupts}
                self.graph.invoke(Command(resume=resume) if resume else None, config, **options)
            case "command":
                self.graph.invoke(Command(update=values, goto=step.get("goto") or ()), config, **options)
            case "update":
                self.graph.update_state(config, values, step.get("as"))
            case "bulk":
                self.graph.bulk_update_state(config, [[StateUpdate(u.get("values"), u.get("as")) for u in step["updates"]]])

    def result(self, step):
        self.ran.clear()
        error = ""
        try:
            self.do(step)
        except Boom:
            error = "node"
        except GraphRecursionError:
            error = "recursion"
        except EmptyInputError:
            error = "input"
        except InvalidUpdateError as e:
            error = "invalid"
        except KeyError:
            error = "route"
        except RuntimeError as e:
            error = "several" if "multiple pending" in str(e) else "runtime"
        # After a conflict LangGraph cannot read the newest state, with its tasks' writes; the checkpoint alone it can.
        s = next(self.graph.get_state_history(CONFIG)) if error == "invalid" and self.ran else self.graph.get_state(CONFIG)
        return {
            "error": error, "ran": sorted(self.ran), "state": values(s), "next": sorted(s.next),
            "asks": sorted(str(i.value) for i in s.interrupts),
        }

    def history(self):
        all_ = list(self.graph.get_state_history(CONFIG))[::-1]
        place = {s.config["configurable"]["checkpoint_id"]: i for i, s in enumerate(all_)}
        return [
            {
                "source": s.metadata["source"], "step": s.metadata["step"], "next": sorted(s.next), "log": values(s)["log"],
                "parent": place[s.parent_config["configurable"]["checkpoint_id"]] if s.parent_config else -1,
            }
            for s in all_
        ]

    def run(self):
        return {"steps": [self.result(step) for step in self.case["steps"]], "history": self.history()}


def breaks(spec, when):
    return "*" if spec.get(when) == ["*"] else spec.get(when) or None


def values(s):
    v = s.values if isinstance(s.values, dict) else {}
    return {"log": v.get("log") or [], "total": v.get("total") or 0, "best": v.get("best") or 0, "word": v.get("word") or ""}


with open(sys.argv[1]) as f:
    json.dump({case["name"]: Case(case).run() for case in json.load(f)}, sys.stdout)
