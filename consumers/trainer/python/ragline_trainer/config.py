"""The configuration: one JSON file. A name that is not known is refused, since a misspelt setting would be ignored."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

from .failures import Failure


@dataclass(frozen=True)
class Config:
    # Who and what.
    job_id: str
    dataset_dir: str
    base_path: str
    output_dir: str
    method: str
    dataset_id: str = ""
    dataset_uri: str = ""
    manifest_sha256: str = ""
    base_model: str = ""
    base_revision: str = ""
    backend: str = "peft"
    # Adapter.
    rank: int = 32
    alpha: int = 64
    dropout: float = 0.0
    rslora: bool = False
    # Optimisation.
    epochs: float = 3.0
    max_steps: int = -1
    batch_size: int = 2
    gradient_accumulation: int = 4
    learning_rate: float = 2e-4
    scheduler: str = "cosine"
    warmup: float = 0.03
    weight_decay: float = 0.01
    max_grad_norm: float = 0.3
    seed: int = 42
    max_length: int = 2048
    packing: bool = False
    gradient_checkpointing: bool = True
    # Share of all steps when below 1, else steps.
    eval_steps: float = 0.1
    save_steps: float = 0.1
    # Evaluations without gain before it stops. 0: it never stops early.
    early_stopping: int = 3
    # auto, cpu or cuda; auto, bf16, fp16 or fp32; auto, llama3 or chatml.
    device: str = "auto"
    precision: str = "auto"
    template: str = "auto"
    # Held-out rows whose prompt is written down for the comparison with the server's.
    parity_rows: int = 16

    @property
    def checkpoints(self) -> Path:
        return Path(self.output_dir) / "checkpoints"

    @property
    def adapter(self) -> Path:
        return Path(self.output_dir) / "adapter"


def load(path: str) -> Config:
    try:
        values = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise Failure("contradiction", f"reading the configuration {path}: {error}") from error
    known = {f.name: f for f in fields(Config)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise Failure("contradiction", f"unknown settings {', '.join(unknown)}: known are {', '.join(known)}")
    try:
        config = Config(**values)
    except TypeError as error:
        raise Failure("contradiction", f"reading the configuration {path}: {error}") from error
    _validate(config)
    return config


def _validate(c: Config) -> None:
    for name in ("rank", "alpha", "batch_size", "gradient_accumulation", "max_length", "epochs", "learning_rate", "eval_steps", "save_steps"):
        if getattr(c, name) <= 0:
            raise Failure("contradiction", f"{name} must be above 0")
    for name, allowed in {"device": ("auto", "cpu", "cuda"), "precision": ("auto", "bf16", "fp16", "fp32"), "template": ("auto", "llama3", "chatml")}.items():
        if getattr(c, name) not in allowed:
            raise Failure("contradiction", f"{name} is {getattr(c, name)!r}: use one of {', '.join(allowed)}")
