"""What computes, and in which number format."""

import importlib.metadata
import os
from dataclasses import dataclass

from .config import Config
from .failures import Failure


@dataclass(frozen=True)
class Device:
    kind: str
    name: str
    precision: str

    @property
    def cuda(self) -> bool:
        return self.kind == "cuda"

    @property
    def dtype(self):
        import torch

        # fp16 is for cards before Ampere; its loss scaling needs adapters in fp32, which the trainer keeps.
        return {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[self.precision]

    @property
    def device_map(self):
        # "auto" would spread one copy over all cards and break data-parallel training.
        return {"": int(os.environ.get("LOCAL_RANK", "0"))} if self.cuda else {"": "cpu"}

    def vram_bytes(self) -> int:
        import torch

        return torch.cuda.max_memory_allocated() if self.cuda else 0


def choose(config: Config) -> Device:
    import torch

    present = torch.cuda.is_available()
    if config.device == "cuda" and not present:
        raise Failure("contradiction", "device is cuda and there is no GPU: set it to auto or cpu")
    if not present or config.device == "cpu":
        precision = "fp32" if config.precision == "auto" else config.precision
        if precision == "fp16":
            raise Failure("contradiction", "fp16 needs a GPU: set precision to auto")
        return Device("cpu", "cpu", precision)
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    precision = config.precision if config.precision != "auto" else "bf16" if bf16 else "fp16"
    if precision == "fp16" and bf16:
        raise Failure("contradiction", "fp16 on a GPU that has bf16 only adds overflows: set precision to auto")
    if precision == "bf16" and not bf16:
        raise Failure("contradiction", "this GPU has no bf16: set precision to auto")
    return Device("cuda", torch.cuda.get_device_name(), precision)


PACKAGES = ("torch", "transformers", "trl", "peft", "bitsandbytes", "datasets", "accelerate", "tokenizers")


def versions() -> dict[str, str]:
    return {p: importlib.metadata.version(p) for p in PACKAGES}


def probe() -> dict:
    """Imports everything that a job needs, so that a broken environment shows before a job does."""
    import bitsandbytes  # noqa: F401
    import peft  # noqa: F401
    import torch
    from trl import SFTTrainer  # noqa: F401

    cuda = torch.cuda.is_available()
    return {
        "event": "probe",
        "device": "cuda" if cuda else "cpu",
        "device_name": torch.cuda.get_device_name() if cuda else "cpu",
        "vram_bytes": torch.cuda.get_device_properties(0).total_memory if cuda else 0,
        "gpus": torch.cuda.device_count(),
        "bf16": cuda and torch.cuda.is_bf16_supported(including_emulation=False),
        "versions": versions(),
    }
