"""Chat templates. They are our own because some models' own ones write the day of training into the prompt."""

from dataclasses import dataclass

from .failures import Failure

_LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)

_CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Style:
    name: str
    jinja: str
    end_of_turn: str
    stop: tuple[str, ...]
    bos: bool
    needs: tuple[str, ...]


STYLES = {
    "llama3": Style(
        "llama3", _LLAMA3, "<|eot_id|>", ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), True,
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    ),
    "chatml": Style(
        "chatml", _CHATML, "<|im_end|>", ("<|im_start|>", "<|im_end|>"), False, ("<|im_start|>", "<|im_end|>"),
    ),
}

_PADS = ("<|finetune_right_pad_id|>", "<|endoftext|>", "<|end_of_text|>")


def choose(tokenizer, wanted: str) -> Style:
    """Finds the style whose marks are tokens of the model, sets it, its end of turn and a pad token that is not it."""
    vocabulary = tokenizer.get_vocab()
    for style in STYLES.values():
        if wanted in ("auto", style.name) and all(t in vocabulary for t in style.needs):
            _apply(tokenizer, style, vocabulary)
            return style
    raise Failure(
        "contradiction",
        f"the model's tokenizer lacks the marks of the template {wanted!r}: without them it would never learn to stop. "
        f"Known: {', '.join(STYLES)}",
    )


def _apply(tokenizer, style: Style, vocabulary: dict) -> None:
    tokenizer.chat_template = style.jinja
    tokenizer.eos_token = style.end_of_turn
    pad = next((p for p in _PADS if p in vocabulary), None)
    if tokenizer.pad_token is None or tokenizer.pad_token == style.end_of_turn:
        if pad is None:
            raise Failure("contradiction", "the tokenizer has no pad token apart from its end of turn: add one")
        tokenizer.pad_token = pad


def prompt(tokenizer, messages: list[dict]) -> str:
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def completion(style: Style, answer: str) -> str:
    """The end of turn belongs to what is learned, or the model would not stop."""
    return answer.strip() + style.end_of_turn
