"""A bilingual WordPiece vocabulary for an English encoder, with rows that already translate.

The useful English pieces keep their rows. An Indonesian piece gets the sum of English rows
weighted by p(e | f) of IBM Model 1, so that the body reads it as its translation before any
training.
"""

import json
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from index.training.alignment import Alignment
from index.training.recipe import Vocabulary

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ALPHABET = 300
"""Characters that a learned vocabulary may hold; words with others are [UNK]."""


def tokenizer_of(pieces: Sequence[str]) -> Tokenizer:
    """A lower-casing WordPiece tokenizer (accents stripped, as BERT uncased) over these pieces."""
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def write_tokenizer(tokenizer: Tokenizer, max_tokens: int, folder: Path) -> None:
    """`tokenizer.json` and a configuration without the names of one transformers release."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"))
    names = ("pad", "unk", "cls", "sep", "mask")
    configuration = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": max_tokens,
        "clean_up_tokenization_spaces": True,
        **{f"{name}_token": piece for name, piece in zip(names, SPECIAL, strict=True)},
    }
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(configuration, indent=2) + "\n", encoding="utf-8")


def learn_pieces(texts: Iterable[str], size: int, min_frequency: int) -> list[str]:
    """Pieces of a WordPiece vocabulary learned from the texts, most basic first.

    The same texts give the same list. The trainer numbers single characters as it meets them in a
    hash map, and equally frequent pairs are merged by number, so that left alone it breaks ties at
    random. We hand it the characters numbered already, among its special tokens: training does not
    look for those in the texts, it only gives them the first numbers.
    """
    texts = list(texts)
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=min_frequency,
        special_tokens=[*SPECIAL, *_characters(tokenizer, texts)],
        limit_alphabet=0,  # no character besides those
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    vocabulary = tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.__getitem__)


def _characters(tokenizer: Tokenizer, texts: Iterable[str]) -> list[str]:
    """The ALPHABET most frequent characters, then as "##x" those of them that continue a word."""
    seen: Counter[str] = Counter()
    continuing: set[str] = set()
    for text in texts:
        normal = tokenizer.normalizer.normalize_str(text)
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal):
            seen.update(word)
            continuing.update(word[1:])
    alphabet = sorted(sorted(seen, key=lambda char: (-seen[char], char))[:ALPHABET])
    return [*alphabet, *(f"##{char}" for char in alphabet if char in continuing)]


def count_pieces(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[str]:
    """How often each piece occurs in the texts."""
    counts: Counter[str] = Counter()
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        counts.update(encoding.tokens)
    return counts


def choose_english(base: Sequence[str], counts: Counter[str], size: int) -> list[str]:
    """The `size` most useful pieces of the base vocabulary, in its order.

    Single characters stay, so that no Latin word becomes [UNK]. Then what our English texts use,
    then the base's own order, which is by frequency in English books and Wikipedia.
    """
    kept = set(SPECIAL)
    kept.update(piece for piece in base if len(piece.removeprefix("##")) == 1 and latin(piece))
    useful = [piece for piece in base if latin(piece) and piece not in kept]
    rank = {piece: number for number, piece in enumerate(useful)}
    # A piece seen often enough counts before any unseen one; one sighting is as good as rank 0.
    useful.sort(key=lambda piece: (counts[piece] < 2, rank[piece]))
    for piece in useful:
        if len(kept) >= size:
            break
        kept.add(piece)
    return [*SPECIAL, *(piece for piece in base if piece in kept and piece not in SPECIAL)]


def latin(piece: str) -> bool:
    """Whether every character is ASCII, or punctuation, or a symbol: no other script."""
    bare = piece.removeprefix("##")
    if bare.startswith("[unused") or piece.startswith("[unused"):
        return False
    return all(
        char in string.printable or unicodedata.category(char)[0] in "PSN" for char in bare
    ) and bool(bare)


def new_rows(
    pieces: Sequence[str],
    fresh: set[str],
    base_rows: dict[str, NDArray[np.float32]],
    alignment: Alignment,
    settings: Vocabulary,
    spell: Tokenizer,
) -> NDArray[np.float32]:
    """The table of the bilingual vocabulary, shape (len(pieces), d).

    `base_rows` holds the base model's row of each of its pieces. A piece that is in it and not in
    `fresh` keeps that row, bit for bit. Any other gets sum of w_e · row(e) over its likeliest
    English pieces, w ∝ p(e | f), sum of w = 1; a piece that never met a translation gets the
    mean row of the base pieces that spell it (`spell` is the base's tokenizer).
    """
    width = len(next(iter(base_rows.values())))
    table = np.zeros((len(pieces), width), dtype=np.float32)
    for number, piece in enumerate(pieces):
        if piece in base_rows and piece not in fresh:
            table[number] = base_rows[piece]
            continue
        english, probability = alignment.of(number)
        usable = np.array(
            [pieces[e] in base_rows and pieces[e] not in fresh for e in english], dtype=bool
        )
        english, probability = english[usable], probability[usable]
        if len(english):
            likely = probability >= settings.min_share * probability[0]
            english, probability = english[likely], probability[likely]
            english, probability = (
                english[: settings.neighbours],
                probability[: settings.neighbours],
            )
            weights = (probability / probability.sum()).astype(np.float32)
            table[number] = sum(
                weight * base_rows[pieces[e]] for weight, e in zip(weights, english, strict=True)
            )
        else:
            spelled = spell.encode(piece.removeprefix("##"), add_special_tokens=False).tokens
            table[number] = np.mean([base_rows[part] for part in spelled], axis=0)
    return table
