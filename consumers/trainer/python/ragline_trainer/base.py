"""Loads the base model with the flags of the method."""

import importlib.util
import json
from pathlib import Path

from . import methods
from .config import Config
from .device import Device
from .failures import Failure


def check(config: Config, method: methods.Method, device: Device) -> None:
    path = Path(config.base_path) / "config.json"
    try:
        base = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise Failure("base_model_missing", f"{path} is missing: put the weights of {config.base_model or 'the base model'} there") from error
    except ValueError as error:
        raise Failure("base_model_missing", f"reading {path}: {error}. Fetch the base model again") from error
    methods.check(
        method, base, packing=config.packing, flash_attention=device.cuda and _installed("flash_attn"), backend=config.backend, cuda=device.cuda
    )
    if config.backend == "unsloth" and not _installed("unsloth"):
        raise Failure("environment_missing", "the backend unsloth is not installed: install it or use peft")


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def tokenizer(config: Config):
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(config.base_path, local_files_only=True)
    except (OSError, ValueError) as error:
        raise Failure("base_model_missing", f"reading the tokenizer in {config.base_path}: {error}") from error


def model(config: Config, method: methods.Method, device: Device):
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    quantization = None
    if method.flags.four_bit:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=device.dtype
        )
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            config.base_path,
            dtype=device.dtype,
            quantization_config=quantization,
            attn_implementation="flash_attention_2" if config.packing else "sdpa",
            device_map=device.device_map,
            local_files_only=True,
        )
    except torch.OutOfMemoryError:
        raise
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None):
            raise
        raise Failure("base_model_missing", f"reading the weights in {config.base_path}: {error}") from error
    loaded.config.use_cache = False
    _keep_gradients(loaded)
    return loaded


def _keep_gradients(loaded) -> None:
    """On CPUs with AVX512-BF16 an evaluation repacks 4-bit weights, and training then goes on without the gradient that
    passes through them."""
    import bitsandbytes

    for module in loaded.modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False


def adapter(config: Config, method: methods.Method):
    from peft import LoraConfig

    return LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        bias="none",
        task_type="CAUSAL_LM",
        target_modules="all-linear",
        use_dora=method.flags.use_dora,
        use_rslora=config.rslora,
    )
