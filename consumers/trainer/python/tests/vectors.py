"""Writes what a merge can be compared with: PYTHONPATH=. $ENV/bin/python -B tests/vectors.py FOLDER

FOLDER/base, and for lora, rslora and dora FOLDER/NAME/adapter (random weights) and FOLDER/NAME/merged (PEFT's, in bf16).
"""

import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from ragline_trainer import tiny


def merge(base, adapter, dtype):
    """The model with its adapter, and another one merged."""

    def load():
        return PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=dtype), adapter)

    return load().eval(), load().merge_and_unload(safe_merge=True).eval()


def main(folder: Path) -> None:
    base = folder / "base"
    tiny.make(str(base))
    for name, flags in {"lora": {}, "rslora": {"use_rslora": True}, "dora": {"use_dora": True}}.items():
        torch.manual_seed(3)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM", **flags)
        model = get_peft_model(model, config)
        for key, weight in model.named_parameters():
            if "lora_B" in key:
                torch.nn.init.normal_(weight, std=0.05)
            if "magnitude" in key:
                weight.data *= 1 + 0.1 * torch.randn_like(weight)
        model.save_pretrained(folder / name / "adapter")
        merge(base, folder / name / "adapter", torch.bfloat16)[1].save_pretrained(folder / name / "merged")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
