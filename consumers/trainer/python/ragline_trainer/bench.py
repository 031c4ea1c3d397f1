"""Compares the training job with the plain TRL script, and on a GPU the methods with each other.

Each figure is the median of rounds that alternate, so that other load on the machine falls on both sides. Without a GPU seconds are processor time, which other load leaves alone.
"""

import argparse
import gc
import io
import json
import statistics
import tempfile
import time
from pathlib import Path

from . import base, data, template, tiny
from .config import Config
from .device import choose
from .events import Events
from .methods import Method
from .progress import Progress, Stop

ROUNDS, STEPS = 3, 40


def conversations(words: int) -> list[list[dict]]:
    passage = "The valve is tested at the pressure that the standard names. " * (words // 11)
    return [
        [{"role": "user", "content": f"{passage}Question: What is tested at {i} bar?"}, {"role": "assistant", "content": f"The valve {i}. {passage}"}]
        for i in range(64)
    ]


def settings(folder: Path, method: str, **changes) -> Config:
    values = {
        "job_id": "bench", "dataset_dir": "", "base_path": str(folder / "base"), "output_dir": str(folder / "job"), "method": method,
        "max_steps": STEPS, "batch_size": 2, "gradient_accumulation": 1, "eval_steps": STEPS, "save_steps": STEPS, "early_stopping": 0,
    }
    return Config(**{**values, **changes})


def job(config: Config, rows) -> tuple[float, int, int]:
    """Seconds, tokens and bytes of GPU memory of a run as the job makes it."""
    from .train import make_trainer

    method, device = Method.of(config.method), choose(config)
    tokenizer = base.tokenizer(config)
    style = template.choose(tokenizer, config.template)
    split = data.tokenise(tokenizer, style, rows, config.max_length)
    heldout = data.Split(split.rows[:2], split.messages[:2])
    model = base.model(config, method, device)
    callbacks = [Progress(Events(io.StringIO()), device, Stop())]
    trainer = make_trainer(config, method, device, model, base.adapter(config, method), tokenizer, split, heldout, callbacks)
    return timed(trainer, device)


def plain(config: Config, rows) -> tuple[float, int, int]:
    """The script that TRL's documentation shows, with the same settings."""
    from datasets import Dataset
    from trl import SFTTrainer

    from .train import arguments

    method, device = Method.of(config.method), choose(config)
    tokenizer = base.tokenizer(config)
    template.choose(tokenizer, config.template)
    args = arguments(config, method, device)
    args.dataset_kwargs, args.completion_only_loss = None, True
    train = Dataset.from_list([{"prompt": r[:-1], "completion": r[-1:]} for r in rows])
    trainer = SFTTrainer(
        model=base.model(config, method, device), args=args, train_dataset=train, eval_dataset=train.select(range(2)),
        processing_class=tokenizer, peft_config=base.adapter(config, method),
    )
    return timed(trainer, device)


def timed(trainer, device) -> tuple[float, int, int]:
    import torch
    from transformers import PrinterCallback

    clock = time.monotonic if device.cuda else time.process_time
    trainer.remove_callback(PrinterCallback)
    if device.cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    started = clock()
    trainer.train()
    if device.cuda:
        torch.cuda.synchronize()
    result = clock() - started, int(trainer.state.num_input_tokens_seen), device.vram_bytes()
    del trainer
    gc.collect()
    return result


def medians(rows, *runs) -> list[tuple[float, float, float]]:
    """Medians of (seconds, tokens/s, bytes) of each (function, config). A first round warms up and is not counted."""
    kept: list[list] = [[] for _ in runs]
    for round_ in range(ROUNDS + 1):
        for results, (run, config) in zip(kept, runs):
            seconds, tokens, vram = run(config, rows)
            if round_:
                results.append((seconds, tokens / seconds, vram))
    return [tuple(statistics.median(column) for column in zip(*results)) for results in kept]


def say(name: str, value: float, bar: str) -> None:
    print(json.dumps({"figure": name, "value": round(value, 3), "bar": bar}), flush=True)


def overhead(folder: Path, rows) -> None:
    config = settings(folder, "lora")
    ours, theirs = medians(rows, (job, config), (plain, config))
    say("tokens_per_second", ours[1], "of processor time without a GPU")
    say("step_time_over_plain_trl", ours[0] / theirs[0], "<= 1.03")


def methods_on_gpu(folder: Path, rows) -> None:
    lora, qlora, dora = medians(rows, *((job, settings(folder, m)) for m in ("lora", "qlora", "dora")))
    for name, figures in (("lora", lora), ("qlora", qlora), ("dora", dora)):
        say(f"{name}_tokens_per_second", figures[1], "")
        say(f"{name}_vram_gib", figures[2] / 2**30, "compare with ragline train estimate: within 15 %")
    say("qlora_over_lora_vram", qlora[2] / lora[2], "<= 0.60")
    say("dora_over_lora_step_time", dora[0] / lora[0], "<= 1.30")


def packing_on_gpu(folder: Path) -> None:
    if not base._installed("flash_attn"):
        print("packing gain: not measured, since flash-attn is not installed")
        return
    rows = conversations(60)
    packed, padded = medians(rows, (job, settings(folder, "lora", packing=True)), (job, settings(folder, "lora")))
    say("packing_tokens_per_second_gain", packed[1] / padded[1], ">= 2.0")


def large(folder: Path) -> None:
    """The shape of a 3B Llama with random weights; the tokenizer is the tiny one."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = LlamaConfig(
        vocab_size=128256, hidden_size=3072, intermediate_size=8192, num_hidden_layers=28, num_attention_heads=24,
        num_key_value_heads=8, head_dim=128, max_position_embeddings=4096, tie_word_embeddings=True,
    )
    torch.set_default_dtype(torch.bfloat16)
    LlamaForCausalLM(shape).save_pretrained(folder)
    torch.set_default_dtype(torch.float32)
    tiny.tokenizer("llama3").save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(prog="ragline_trainer.bench")
    parser.parse_args()
    import torch

    cuda = torch.cuda.is_available()
    print(f"device: {torch.cuda.get_device_name() if cuda else 'cpu'}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large(folder / "base") if cuda else tiny.make(str(folder / "base"), layers=2)
        rows = conversations(400 if cuda else 55)
        overhead(folder, rows)
        if not cuda:
            print("tokens/s and memory of the methods, packing gain: not measured, since they need a GPU")
            return
        methods_on_gpu(folder, rows)
        packing_on_gpu(folder)


if __name__ == "__main__":
    main()
