"""Drives a LangGraph server with the official client and prints what it answered, a JSON line for each step."""

import asyncio
import json
import sys

import httpx
from langgraph_sdk import get_client

HI = {"messages": [{"type": "human", "content": "hi", "id": "h1"}]}
NOWHERE = "6b2b8f8e-2f0c-4e0e-9d0a-000000000000"


def tell(step, value):
    print(json.dumps({"step": step, "value": value}), flush=True)


async def refused(step, awaitable):
    try:
        tell(step, {"unexpected": await awaitable})
    except httpx.HTTPStatusError as e:
        tell(step, {"status": e.response.status_code})
    except Exception as e:  # the client has errors of its own for some statuses
        tell(step, {"status": getattr(e, "status_code", None) or type(e).__name__})


async def stream(parts):
    return [{"event": p.event, "data": p.data} async for p in parts]


def of_input(data):
    """The checkpoint before the input is not told by every server."""
    return isinstance(data, dict) and (data.get("step") == -1 or (data.get("metadata") or {}).get("step") == -1)


def outline(history):
    return [
        {
            "source": s["metadata"]["source"], "step": s["metadata"]["step"], "next": s["next"],
            "tasks": [{"name": t["name"], "interrupts": t["interrupts"], "result": t.get("result")} for t in s["tasks"]],
        }
        for s in history
    ]


async def main():
    client = get_client(url=sys.argv[1], api_key=None)
    threads, runs = client.threads, client.runs

    async def new():
        return (await threads.create())["thread_id"]

    async def started(thread, given, **more):
        run = await runs.create(thread, "agent", input=given, **more)
        while (await runs.get(thread, run["run_id"]))["status"] == "pending":
            pass
        return run["run_id"]

    tell("assistants.search", await client.assistants.search(metadata={"created_by": "system"}, limit=10))
    assistant = (await client.assistants.search(graph_id="agent"))[0]["assistant_id"]
    tell("assistants.get", await client.assistants.get(assistant))
    tell("assistants.get_graph", await client.assistants.get_graph(assistant))
    tell("assistants.get_subgraphs", await client.assistants.get_subgraphs(assistant))
    tell("assistants.get_schemas", sorted(await client.assistants.get_schemas(assistant)))
    await refused("assistants.get unknown", client.assistants.get(NOWHERE))

    # A thread that stops at the question, is looked at, and goes on.
    thread = await threads.create(metadata={"purpose": "drive"})
    tell("threads.create", thread)
    thread = thread["thread_id"]
    tell("threads.get_state new", await threads.get_state(thread))
    tell("threads.get_history new", await threads.get_history(thread))
    modes = ["values", "updates", "messages-tuple", "custom"]
    tell("runs.stream", await stream(runs.stream(thread, "agent", input=HI, stream_mode=modes)))
    tell("threads.get interrupted", await threads.get(thread))
    waiting = await threads.get_state(thread)
    tell("threads.get_state interrupted", waiting)
    tell("threads.get_state at", await threads.get_state(thread, checkpoint=waiting["checkpoint"]))
    tell("runs.stream resume", await stream(runs.stream(thread, "agent", command={"resume": "approved"}, stream_mode=["values", "updates"])))
    tell("threads.get idle", await threads.get(thread))
    history = await threads.get_history(thread)
    tell("threads.get_history", outline(history))
    tell("threads.get_history before", outline(await threads.get_history(thread, limit=1, before={"configurable": history[0]["checkpoint"]})))

    # Back to the question, another answer, on a branch of its own.
    question = next(s for s in history if s["next"] == ["human_review"])
    tell("runs.stream fork", await stream(runs.stream(thread, "agent", input=None, checkpoint=question["checkpoint"], stream_mode=["updates"])))
    tell("runs.stream fork resume", await stream(runs.stream(thread, "agent", command={"resume": "rejected"}, stream_mode=["updates"])))
    fork = await threads.get_history(thread, limit=20)
    tell("threads.get_history fork", [{"source": s["metadata"]["source"], "next": s["next"]} for s in fork])

    # All there is to see of a run.
    for mode in ["debug", "tasks", "checkpoints", "messages"]:
        parts = await stream(runs.stream(await new(), "agent", input=HI, stream_mode=[mode]))
        tell("runs.stream " + mode, [p for p in parts if not of_input(p["data"])])

    # Edits of the state.
    edited = await new()
    tell("runs.wait", await runs.wait(edited, "agent", input=HI))
    before = await threads.get_state(edited)
    update = await threads.update_state(edited, {"human_decision": "approved"}, as_node="human_review")
    tell("threads.update_state", sorted(update["checkpoint"]))
    tell("threads.get_state updated", await threads.get_state(edited))
    tell("runs.wait updated", await runs.wait(edited, "agent", input=None))
    await threads.update_state(edited, None, as_node="__copy__", checkpoint=before["checkpoint"])
    tell("threads.get_state copied", outline([await threads.get_state(edited)]))
    await threads.update_state(edited, None, as_node="__end__")
    tell("threads.get_state ended", outline([await threads.get_state(edited)]))
    await refused("threads.update_state unknown node", threads.update_state(edited, {"step_count": 1}, as_node="nowhere"))

    # Told to stop.
    told = await new()
    both = ["updates", "values"]
    tell("runs.stream interrupt_before", await stream(runs.stream(told, "agent", input=HI, interrupt_before=["thought"], stream_mode=both)))
    tell("threads.get interrupt_before", await threads.get(told))
    tell("runs.stream interrupt_after", await stream(runs.stream(told, "agent", input=None, interrupt_after=["thought"], stream_mode=both)))

    # In the background, and joined.
    back = await new()
    run = (await runs.create(back, "agent", input=HI, stream_mode=["updates"], stream_resumable=True))["run_id"]
    tell("runs.join_stream", await stream(runs.join_stream(back, run, last_event_id="-1")))
    tell("runs.join", await runs.join(back, run))

    # Cancelled.
    busy = await new()
    sleeping = await started(busy, {**HI, "mode": "sleep"})
    tell("threads.get busy", (await threads.get(busy))["status"])
    await refused("threads.update_state busy", threads.update_state(busy, {"step_count": 1}, as_node="thought"))
    await refused("runs.create reject", runs.create(busy, "agent", input=HI, multitask_strategy="reject"))
    queued = (await runs.create(busy, "agent", input={**HI, "mode": ""}, multitask_strategy="enqueue"))["run_id"]
    await runs.cancel(busy, sleeping, wait=True)
    tell("runs.cancel", (await runs.get(busy, sleeping))["status"])
    await runs.join(busy, queued)
    tell("runs.create enqueue", (await runs.get(busy, queued))["status"])
    again = await new()
    first = await started(again, {**HI, "mode": "sleep"})
    answered = await runs.wait(again, "agent", input={**HI, "mode": ""}, multitask_strategy="rollback")
    tell("runs.wait rollback", answered)
    await refused("runs.get rolled back", runs.get(again, first))

    # Failures.
    failing = await new()
    tell("runs.stream failing", await stream(runs.stream(failing, "agent", input={"mode": "fail"}, stream_mode=["values"])))
    tell("runs.wait failing", await runs.wait(failing, "agent", input={"mode": "fail"}, raise_error=False))
    tell("threads.get failed", (await threads.get(failing))["status"])
    await refused("threads.get unknown", threads.get(NOWHERE))
    await refused("threads.get_state unknown", threads.get_state(NOWHERE))
    await refused("runs.create unknown thread", runs.create(NOWHERE, "agent", input=HI))
    await refused("runs.create unknown assistant", runs.create(failing, NOWHERE, input=HI))
    await refused("threads.create again", threads.create(thread_id=failing))

    # Without a thread.
    rejected = {**HI, "human_decision": "rejected"}
    tell("runs.stream stateless", await stream(runs.stream(None, "agent", input=rejected, stream_mode=["updates"])))
    tell("runs.wait stateless", await runs.wait(None, "agent", input=rejected))
    tell("runs.create_batch", len(await runs.create_batch([{"assistant_id": "agent", "input": rejected}] * 2)))

    # Found again.
    tell("threads.search", [t["thread_id"] == thread for t in await threads.search(metadata={"purpose": "drive"})])
    found = await threads.search(ids=[back, failing], status="interrupted")
    tell("threads.search status", [t["thread_id"] == back for t in found])
    tell("threads.count", await threads.count(metadata={"purpose": "drive"}))
    tell("threads.update", (await threads.update(failing, metadata={"more": 1}))["metadata"]["more"])
    await threads.prune([failing])
    await refused("threads.get pruned", threads.get(failing))


asyncio.run(main())
