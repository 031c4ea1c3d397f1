"""What is refused, and what is learned: no training needed."""

import errno

import pytest
import torch
from conftest import conversation, write_dataset

from ragline_trainer import config, data, failures, methods, template, tiny
from ragline_trainer.failures import Failure
from ragline_trainer.methods import Method


@pytest.fixture(scope="module", params=["llama3", "chatml"])
def styled(request):
    tok = tiny.tokenizer(request.param)
    return tok, template.choose(tok, "auto")


def reason(call, *args, **kwargs):
    with pytest.raises(Failure) as failure:
        call(*args, **kwargs)
    return failure.value.reason


def test_flags_follow_from_the_method():
    assert {m.value: (m.flags.four_bit, m.flags.use_dora) for m in Method} == {
        "lora": (False, False), "qlora": (True, False), "dora": (False, True), "qdora": (True, True),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"base_config": {"quantization_config": {"load_in_4bit": True}}},
        {"packing": True},
        {"backend": "unsloth", "method": Method.DORA, "cuda": True},
        {"backend": "unsloth", "method": Method.QDORA, "cuda": True},
        {"backend": "unsloth"},
        {"backend": "else"},
    ],
)
def test_contradiction_is_refused(changes):
    values = {"method": Method.LORA, "base_config": {}, "packing": False, "flash_attention": False, "backend": "peft", "cuda": False}
    methods.check(**values)
    assert reason(methods.check, **{**values, **changes}) == "contradiction"


def test_unknown_names_are_refused(settings):
    assert reason(Method.of, "full") == "contradiction"
    assert reason(config.load, str(settings("lora", use_dora=True))) == "contradiction"
    assert reason(config.load, str(settings("lora", rank=0))) == "contradiction"


def test_dataset_is_what_its_manifest_says(tmp_path):
    rows = [conversation(1)]
    sha = write_dataset(tmp_path / "a", rows, rows)
    assert data.read(tmp_path / "a", sha) == {"train": rows, "heldout": rows}
    assert reason(data.read, tmp_path / "a", "0" * 64) == "dataset_hash_mismatch"
    (tmp_path / "a" / "train.jsonl").write_text("{}\n")
    assert reason(data.read, tmp_path / "a", sha) == "dataset_hash_mismatch"
    (tmp_path / "a" / "train.jsonl").unlink()
    assert reason(data.read, tmp_path / "a", sha) == "dataset_missing"
    assert reason(data.read, tmp_path / "none", sha) == "dataset_missing"


@pytest.mark.parametrize("train, heldout", [([], [conversation(1)]), ([conversation(1)], [])])
def test_empty_split_is_refused(tmp_path, train, heldout):
    assert reason(data.read, tmp_path / "a", write_dataset(tmp_path / "a", train, heldout)) == "dataset_empty"


def test_separator_within_a_text_does_not_end_the_row(tmp_path):
    rows = [conversation(1, "one\u2028two\x85three ")]
    assert data.read(tmp_path / "a", write_dataset(tmp_path / "a", rows, rows))["train"] == rows


def test_roles_of_sharegpt_are_refused(tmp_path):
    rows = [[{"role": "human", "content": "a"}, {"role": "gpt", "content": "b"}]]
    assert reason(data.read, tmp_path / "a", write_dataset(tmp_path / "a", rows, rows)) == "contradiction"


def test_loss_covers_the_answer_and_its_end_of_turn(styled):
    tok, style = styled
    row = data.tokenise(tok, style, [conversation(3)], 256).rows[0]
    learned = [i for i in row["labels"] if i != -100]
    assert tok.decode(learned) == "The limit is 30 ppmv [a]." + style.end_of_turn
    assert tok.decode(row["input_ids"]).endswith(tok.decode(learned))
    assert row["labels"].count(tok.pad_token_id) == 0


def test_cut_keeps_answer_and_question(styled):
    tok, style = styled
    rows = [conversation(3), conversation(4, "many words " * 200)]
    split = data.tokenise(tok, style, rows, 256)
    assert (len(split.rows), split.truncated, split.dropped) == (2, 1, 0)
    text = tok.decode(split.rows[1]["input_ids"])
    assert len(split.rows[1]["input_ids"]) <= 256
    assert text.endswith("The limit is 40 ppmv [a]." + style.end_of_turn)
    assert "Question: What is the limit of valve 4?" in text and "Answer from the context." in text


def test_row_that_cannot_be_cut_is_dropped_and_counted(styled):
    tok, style = styled
    long = conversation(1)[:-1] + [{"role": "assistant", "content": "word " * 400}]
    assert data.tokenise(tok, style, [conversation(1), long], 256).dropped == 1
    assert reason(data.tokenise, tok, style, [long], 256) == "row_too_long"


def test_prompt_does_not_depend_on_the_day_or_on_blanks(styled):
    tok, _ = styled
    messages = conversation(1)[:-1]
    text = template.prompt(tok, messages)
    assert "Date" not in text
    padded = [{**m, "content": f"  {m['content']}\n"} for m in messages]
    assert template.prompt(tok, padded) == text
    whole = tok.apply_chat_template(conversation(1), tokenize=False)
    assert whole.startswith(text)


def test_begin_of_text_stands_once():
    tok = tiny.tokenizer("llama3")
    row = data.tokenise(tok, template.choose(tok, "auto"), [conversation(1)], 256).rows[0]
    assert row["input_ids"].count(tok.bos_token_id) == 1


def test_pad_is_not_the_end_of_turn(styled):
    tok, style = styled
    tok.pad_token = style.end_of_turn
    template.choose(tok, "auto")
    assert tok.pad_token != style.end_of_turn


def test_tokenizer_without_marks_is_refused():
    assert reason(template.choose, tiny.tokenizer("chatml"), "llama3") == "contradiction"


@pytest.mark.parametrize(
    "error, expected",
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "out_of_memory"),
        (MemoryError(), "out_of_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "disk_full"),
        (ModuleNotFoundError("No module named 'trl'"), "environment_missing"),
        (RuntimeError("else"), "internal"),
    ],
)
def test_error_gets_its_class_also_from_behind_another(error, expected):
    assert failures.classify(error).reason == expected
    outer = RuntimeError("outer")
    outer.__cause__ = error
    assert failures.classify(outer).reason == expected
