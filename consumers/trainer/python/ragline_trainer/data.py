"""Reads a dataset by its manifest and turns its rows into token ids with a mask over the answer.

Rows are tokenised here and not by the trainer, because a cut there falls on the answer: the end of a long row.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from . import template
from .failures import Failure

_ROLES = {"system", "user", "assistant"}

# What the loss leaves out: the prompt.
_NO_LOSS = -100


@dataclass
class Split:
    rows: list[dict] = field(default_factory=list)
    messages: list[list[dict]] = field(default_factory=list)
    truncated: int = 0
    dropped: int = 0


def read(folder: str, manifest_sha256: str) -> dict[str, list[list[dict]]]:
    """The conversations of the splits train and heldout."""
    manifest_path = Path(folder) / "manifest.json"
    raw = _bytes(manifest_path, manifest_sha256)
    try:
        manifest = json.loads(raw)
    except ValueError as error:
        raise Failure("dataset_missing", f"reading {manifest_path}: {error}. Build the dataset again") from error
    splits: dict[str, list] = {"train": [], "heldout": []}
    for entry in manifest["files"]:
        if entry["format"] == "messages" and entry.get("split") in splits:
            path = Path(folder) / entry["path"]
            splits[entry["split"]] += _lines(path, _bytes(path, entry["sha256"]))
    for name, rows in splits.items():
        if not rows:
            raise Failure("dataset_empty", f"the split {name} of {folder} has no rows: build a larger dataset")
    return splits


def _bytes(path: Path, sha256: str) -> bytes:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise Failure("dataset_missing", f"{path} is missing: build the dataset again") from error
    found = hashlib.sha256(raw).hexdigest()
    if sha256 and found != sha256:
        raise Failure("dataset_hash_mismatch", f"{path} has SHA-256 {found}, not {sha256}: build the dataset again")
    return raw


def _lines(path: Path, raw: bytes) -> list[list[dict]]:
    rows = []
    # Only \n ends a line: str.splitlines would also cut at separators within a text.
    for number, line in enumerate(raw.decode().split("\n"), 1):
        if line.strip():
            rows.append(_conversation(f"{path}:{number}", json.loads(line)))
    return rows


def _conversation(at: str, row: dict) -> list[dict]:
    messages = row.get("messages")
    if not messages:
        raise Failure("contradiction", f"{at} has no messages: train on the format messages")
    roles = [m.get("role") for m in messages]
    if not set(roles) <= _ROLES:
        raise Failure("contradiction", f"{at} has the roles {roles}: they would be trained as they are, but serving uses {sorted(_ROLES)}")
    if roles[-1] != "assistant":
        raise Failure("contradiction", f"{at} does not end with an answer")
    return [{"role": m["role"], "content": m["content"]} for m in messages]


def tokenise(tokenizer, style: template.Style, conversations: list[list[dict]], max_length: int) -> Split:
    split = Split()
    for messages in conversations:
        row, cut = _fit(tokenizer, style, messages, max_length)
        if row is None:
            split.dropped += 1
            continue
        split.truncated += cut
        split.rows.append(row)
        split.messages.append(messages[:-1])
    if not split.rows:
        raise Failure("row_too_long", f"no row fits into max_length {max_length}: raise it")
    return split


def _fit(tokenizer, style, messages, max_length):
    answer = _ids(tokenizer, template.completion(style, messages[-1]["content"]))
    turns = [dict(m) for m in messages[:-1]]
    prompt = _ids(tokenizer, template.prompt(tokenizer, turns))
    over = len(prompt) + len(answer) - max_length
    if over <= 0:
        return _row(prompt, answer), False
    # The front of the last question goes: passages stand there, the question itself stands at the end.
    content = turns[-1]["content"] if turns else ""
    question = content[max(content.rfind("Question: "), 0) :]
    low, high = 0, len(content) - len(question)
    while low < high:
        cut = (low + high) // 2
        turns[-1]["content"] = content[cut:]
        low, high = (low, cut) if len(_ids(tokenizer, template.prompt(tokenizer, turns))) + len(answer) <= max_length else (cut + 1, high)
    if not turns:
        return None, False
    turns[-1]["content"] = content[low:]
    prompt = _ids(tokenizer, template.prompt(tokenizer, turns))
    if len(prompt) + len(answer) > max_length:
        return None, False
    return _row(prompt, answer), True


def _ids(tokenizer, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def _row(prompt: list[int], answer: list[int]) -> dict:
    return {"input_ids": prompt + answer, "labels": [_NO_LOSS] * len(prompt) + answer}
