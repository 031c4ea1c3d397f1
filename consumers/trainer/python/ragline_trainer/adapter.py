"""Writes the adapter folder. It is complete or not there: training.json is written last and the folder renamed."""

import hashlib
import json
import os
import shutil
from pathlib import Path

from . import template
from .config import Config


def finished(config: Config) -> dict | None:
    """The result of a job that was killed after its adapter was in place."""
    try:
        training = json.loads((config.adapter / "training.json").read_text())
    except FileNotFoundError:
        return None
    return training["result"] if training["job_id"] == config.job_id else None


def save(config: Config, model, tokenizer, style: template.Style, heldout: list[list[dict]], result: dict) -> dict:
    part = config.adapter.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    model.save_pretrained(part)
    tokenizer.save_pretrained(part)
    # A model card full of blanks.
    (part / "README.md").unlink(missing_ok=True)
    _correct_names(part, config)
    result = {**result, "adapter": str(config.adapter), "adapter_sha256": _sha256(part / "adapter_model.safetensors")}
    _parity(part / "parity.jsonl", tokenizer, heldout[: config.parity_rows])
    _write(part / "training.json", json.dumps(_training(config, style, heldout, result), indent=2) + "\n")
    for path in part.iterdir():
        _sync(path)
    _sync(part)
    shutil.rmtree(config.adapter, ignore_errors=True)
    part.rename(config.adapter)
    _sync(config.adapter.parent)
    return result


def _training(config: Config, style: template.Style, heldout: list[list[dict]], result: dict) -> dict:
    systems = [m["content"] for m in heldout[0] if m["role"] == "system"]
    return {
        "job_id": config.job_id,
        "dataset_id": config.dataset_id,
        "manifest_sha256": config.manifest_sha256,
        "dataset_uri": config.dataset_uri,
        "method": config.method,
        "base_model": config.base_model,
        "base_path": config.base_path,
        "base_revision": config.base_revision,
        "max_length": config.max_length,
        "template_style": style.name,
        "stop": list(style.stop),
        "bos": style.bos,
        "system": systems[0] if systems else "",
        "result": result,
    }


def _parity(path: Path, tokenizer, heldout: list[list[dict]]) -> None:
    lines = []
    for messages in heldout:
        prompt = template.prompt(tokenizer, messages)
        if tokenizer.bos_token:
            prompt = prompt.removeprefix(tokenizer.bos_token)
        lines.append(json.dumps({"messages": messages, "prompt": prompt}, ensure_ascii=False) + "\n")
    _write(path, "".join(lines))


def _correct_names(part: Path, config: Config) -> None:
    """PEFT writes the folder that the base was read from; whoever reads the adapter wants the model's name."""
    path = part / "adapter_config.json"
    values = json.loads(path.read_text())
    values["base_model_name_or_path"] = config.base_model or config.base_path
    values["revision"] = config.base_revision or None
    _write(path, json.dumps(values, indent=2, sort_keys=True) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
