"""Unsloth as a backend. It patches the other libraries, so it has to be imported before them and gives the adapter itself:
a plain PEFT adapter would run without its kernels."""

from .config import Config
from .device import Device
from .methods import Method


def model(config: Config, method: Method, device: Device):
    from unsloth import FastLanguageModel

    loaded, _ = FastLanguageModel.from_pretrained(
        model_name=config.base_path,
        max_seq_length=config.max_length,
        load_in_4bit=method.flags.four_bit,
        dtype=device.dtype,
        device_map=device.device_map,
        trust_remote_code=False,
    )
    return FastLanguageModel.get_peft_model(
        loaded,
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        bias="none",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        use_rslora=config.rslora,
        use_gradient_checkpointing="unsloth" if config.gradient_checkpointing else False,
        random_state=config.seed,
    )
