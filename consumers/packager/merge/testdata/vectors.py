"""Adapters merged by PEFT, to compare with.

The folder peft was made by `python vectors.py peft`, with peft 0.19.1, torch 2.11.0, bitsandbytes 0.49.1.
The tests run it again, larger and in bf16, where the trainer's environment is there.
"""

import argparse
import os

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("--hidden", type=int, default=8)
parser.add_argument("--vocab", type=int, default=16)
parser.add_argument("--dtype", default="float32")
args = parser.parse_args()
dtype = getattr(torch, args.dtype)
linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
cases = {
    "lora": dict(r=4, lora_alpha=8, target_modules=linear),
    "rslora": dict(r=4, lora_alpha=8, use_rslora=True, target_modules=["q_proj", "v_proj"]),
    "dora": dict(r=4, lora_alpha=8, use_dora=True, target_modules=linear),
    "patterns": dict(r=4, lora_alpha=8, target_modules=linear, rank_pattern={"mlp.down_proj": 2, "^model.layers.0.self_attn.q_proj": 6}, alpha_pattern={"k_proj": 3}),
    "embedding": dict(r=4, lora_alpha=8, target_modules=["embed_tokens", "lm_head"]),
    "saved": dict(r=4, lora_alpha=8, target_modules=["q_proj"], modules_to_save=["lm_head"]),
}

torch.manual_seed(7)
base = os.path.join(args.out, "base")
LlamaForCausalLM(LlamaConfig(
    vocab_size=args.vocab, hidden_size=args.hidden, intermediate_size=2 * args.hidden, num_hidden_layers=1,
    num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=False, rope_theta=500000.0,
)).to(dtype).save_pretrained(base)

for name, config in cases.items():
    folder = os.path.join(args.out, name)
    model = get_peft_model(LlamaForCausalLM.from_pretrained(base, dtype=dtype), LoraConfig(task_type="CAUSAL_LM", **config))
    for key, parameter in model.named_parameters():
        if parameter.requires_grad:
            with torch.no_grad():
                parameter.add_(0.2 * torch.randn_like(parameter))
    model.save_pretrained(folder, save_embedding_layers=False)
    loaded = PeftModel.from_pretrained(LlamaForCausalLM.from_pretrained(base, dtype=dtype), folder)
    merged = loaded.merge_and_unload(safe_merge=True)
    save_file({k: v.contiguous() for k, v in merged.state_dict().items()}, os.path.join(folder, "expected.safetensors"))
    os.path.exists(os.path.join(folder, "README.md")) and os.remove(os.path.join(folder, "README.md"))

try:
    import bitsandbytes.functional as bnb
except ImportError:
    raise SystemExit(0)
weight = (0.05 * torch.randn(args.vocab, 16 * args.hidden)).to(torch.bfloat16)
packed, state = bnb.quantize_4bit(weight, blocksize=64, quant_type="nf4", compress_statistics=True)
os.makedirs(os.path.join(args.out, "nf4"), exist_ok=True)
save_file({"weight": weight, "expected": bnb.dequantize_4bit(packed, state)}, os.path.join(args.out, "nf4", "model.safetensors"))
