"""Prints the log-probabilities of the first token of each prompt, by PEFT on the base: logprobs.py BASE ADAPTER < prompts.

One JSON string a line comes in, one JSON object {token: log-probability} goes out. Computed in float32, on base and
adapter as training left them, so that merging, converting and quantizing are all on the other side.
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

base, adapter = sys.argv[1:]
tokenizer = PreTrainedTokenizerFast.from_pretrained(adapter)
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter).eval()
for line in sys.stdin:
    ids = [tokenizer.bos_token_id] + tokenizer.encode(json.loads(line), add_special_tokens=False)
    with torch.no_grad():
        logprobs = model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
    print(json.dumps({"tokens": len(ids), "logprobs": {tokenizer.decode([i]): float(p) for i, p in enumerate(logprobs)}}))
