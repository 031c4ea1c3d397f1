"""Sends traces with the official LangFuse SDK and prints what it cost: spans, CPU seconds, wall seconds."""
import sys, time

from langfuse import Langfuse, __version__

url, traces = sys.argv[1], int(sys.argv[2])
question, answer = "How long is the guarantee of a valve? " * 20, "Two years from delivery [1]. " * 40
client = Langfuse(public_key="pk-test", secret_key="sk-test", base_url=url)
cpu, wall = time.process_time(), time.time()
for i in range(traces):
    with client.start_as_current_observation(as_type="agent", name="invoke_agent support", input=question) as root:
        with client.start_as_current_observation(as_type="retriever", name="retrieval documents", input=question, output=answer):
            pass
        with client.start_as_current_observation(as_type="generation", name="chat gpt-5-mini", model="gpt-5-mini", input=question, output=answer,
                                                 usage_details={"input": 800, "input_cached_tokens": 200, "output": 450}, cost_details={"total": 0.00125}):
            pass
        with client.start_as_current_observation(as_type="tool", name="execute_tool lookup", input='{"order":"A-1"}', output=answer):
            pass
        root.update(output=answer)
    if i % 400 == 399:  # it drops what does not fit into 2,048 spans
        client.flush()
client.flush()
print("RESULT", __version__ if isinstance(__version__, str) else "", traces * 4, time.process_time() - cpu, time.time() - wall)
