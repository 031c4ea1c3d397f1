"""A tiny random Llama with its tokenizer, made by code: python -m ragline_trainer.tiny FOLDER [--style chatml].

It has the shape of a real one (hidden and feed-forward 256, so that k-quants are true) and knows nothing.
"""

import argparse
from pathlib import Path

from .template import STYLES

_TEXT = [
    "Context: Question: Answer: The valve is tested at the pressure that the standard names.",
    "What does the standard say about seats, packing, emissions and torque? It says what is measured.",
    "The document gives no answer to this question. According to the document the limit is 100 ppmv.",
    "A grounded answer names its source, keeps its numbers and stops when it is done.",
    "0 1 2 3 4 5 6 7 8 9 10 20 50 100 1000 bar psi mm cycles degrees [a] [b] [c]",
]


def tokenizer(style: str):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    specials = {
        "llama3": ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|finetune_right_pad_id|>"],
        "chatml": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    }[style]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512 - len(specials), initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    raw.train_from_iterator(_TEXT * 4, trainer)
    raw.add_special_tokens(specials)
    made = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token=specials[0] if style == "llama3" else None,
        eos_token=STYLES[style].end_of_turn,
        pad_token=specials[-1] if style == "llama3" else specials[0],
        model_max_length=2048,
    )
    made.chat_template = STYLES[style].jinja
    return made


def make(folder: str, style: str = "llama3", seed: int = 7, layers: int = 1):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tok = tokenizer(style)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=512, hidden_size=256, intermediate_size=256, num_hidden_layers=layers, num_attention_heads=4,
        num_key_value_heads=2, head_dim=64, max_position_embeddings=2048, tie_word_embeddings=False,
        bos_token_id=tok.bos_token_id, eos_token_id=tok.eos_token_id, pad_token_id=tok.pad_token_id,
    )
    model = LlamaForCausalLM(config).to(torch.bfloat16)
    with torch.no_grad():
        model.lm_head.weight[_unreadable(tok, config.vocab_size)] = 0
    Path(folder).mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tok.save_pretrained(folder)


def _unreadable(tok, size: int) -> list[int]:
    """Half characters, blanks and numbers without a token. The commonest character of a text is a space: a model that
    has learned little else would answer with nothing that anybody can see."""

    def readable(i: int) -> bool:
        text = tok.decode([i])
        return i in tok.all_special_ids or text.isascii() and text.isprintable() and bool(text.strip())

    return [i for i in range(size) if i >= len(tok) or not readable(i)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="ragline_trainer.tiny")
    parser.add_argument("folder")
    parser.add_argument("--style", choices=sorted(STYLES), default="llama3")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    make(options.folder, options.style, options.seed)


if __name__ == "__main__":
    main()
