"""Sends traces with the official LangSmith SDK and prints what it cost: spans, CPU seconds, wall seconds."""
import sys, time, uuid
from datetime import datetime, timezone

from langsmith import Client, __version__

url, traces = sys.argv[1], int(sys.argv[2])
question, answer = "How long is the guarantee of a valve? " * 20, "Two years from delivery [1]. " * 40
client = Client(api_url=url, api_key="lsv2_test", auto_batch_tracing=True)


def run(parent, name, kind, outputs, metadata):
    start = datetime.now(timezone.utc)
    run_id = uuid.uuid4()
    order = start.strftime("%Y%m%dT%H%M%S%fZ") + str(run_id)
    trace_id, dotted, parent_id = (parent[1], parent[2] + "." + order, parent[0]) if parent else (run_id, order, None)
    client.create_run(name=name, run_type=kind, inputs={"input": question}, outputs=outputs, id=run_id, trace_id=trace_id, dotted_order=dotted,
                      parent_run_id=parent_id, start_time=start, end_time=datetime.now(timezone.utc), project_name="default", extra={"metadata": metadata})
    return run_id, trace_id, dotted


cpu, wall = time.process_time(), time.time()
for i in range(traces):
    root = run(None, "invoke_agent support", "chain", {"output": answer}, {"thread_id": "t"})
    run(root, "retrieval documents", "retriever", {"output": answer}, {})
    run(root, "chat gpt-5-mini", "llm", {"output": answer}, {"ls_model_name": "gpt-5-mini", "usage_metadata": {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500, "total_cost": 0.00125}})
    run(root, "execute_tool lookup", "tool", {"output": answer}, {})
    if client.tracing_queue.qsize() > 5000:  # it drops what does not fit
        client.flush()
client.flush()
print("RESULT", __version__, traces * 4, time.process_time() - cpu, time.time() - wall)
