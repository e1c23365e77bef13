"""Stage 1, vocabulary surgery: the base model's body with a bilingual token table, untrained."""

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer
from transformers import BertModel

from index.training.alignment import align
from index.training.base import body_of, load_base
from index.training.data import QuestionPassage, Translation
from index.training.recipe import Recipe
from index.training.vocabulary import (
    SPECIAL,
    choose_english,
    count_pieces,
    learn_pieces,
    new_rows,
    tokenizer_of,
    write_tokenizer,
)

log = logging.getLogger(__name__)


def operate(
    recipe: Recipe,
    translations: list[Translation],
    lexicon: list[Translation],
    passages: list[QuestionPassage],
    output: Path,
) -> None:
    """Write the model with the bilingual vocabulary to `output` (a SentenceTransformer folder).

    `passages` are Indonesian question–passage pairs: they count for the vocabulary only.
    """
    base = load_base(recipe.base)
    spell = Tokenizer.from_str(base.tokenizer.backend_tokenizer.to_str())
    spell.no_padding()
    spell.no_truncation()
    body = body_of(base)
    rows = body.embeddings.word_embeddings.weight.detach().numpy()
    base_vocabulary = spell.get_vocab()
    base_pieces = sorted(base_vocabulary, key=base_vocabulary.__getitem__)

    indonesian = [pair.indonesian for pair in translations]
    indonesian += [text for pair in passages for text in (pair.question, pair.passage)]
    english = [pair.english for pair in [*translations, *lexicon]]
    english_counts = count_pieces(spell, english)
    pieces = choose_english(base_pieces, english_counts, recipe.vocabulary.english)
    known = set(pieces)

    learned = learn_pieces(
        indonesian + [pair.indonesian for pair in lexicon] * recipe.vocabulary.lexicon_repeats,
        recipe.vocabulary.indonesian,
        recipe.vocabulary.min_frequency,
    )
    added = [piece for piece in learned if piece not in known]
    known.update(added)
    whole = [
        pair.indonesian.lower()
        for pair in lexicon
        if pair.indonesian.isalpha() and pair.indonesian.isascii()
    ]
    words = [word for word in dict.fromkeys(whole) if word not in known]
    # words.tsv runs from frequent to rare within each third: every third word list by thirds is
    # cut evenly by taking the ones our texts use first.
    seen = Counter(word for text in indonesian for word in text.lower().split())
    words.sort(key=lambda word: -seen[word])
    pieces += added + words[: recipe.vocabulary.lexicon_words]
    log.info(
        "vocabulary: %d pieces, %d learned and %d lexicon words new to the base",
        len(pieces),
        len(added),
        min(len(words), recipe.vocabulary.lexicon_words),
    )

    tokenizer = tokenizer_of(pieces)
    base_rows = {piece: rows[base_vocabulary[piece]] for piece in base_pieces}
    bitext = translations + lexicon * recipe.vocabulary.lexicon_repeats
    alignment = align(
        list(
            zip(
                _ids(tokenizer, [pair.indonesian for pair in bitext]),
                _ids(tokenizer, [pair.english for pair in bitext]),
                strict=True,
            )
        ),
        recipe.vocabulary.alignment_iterations,
    )
    counts_id = count_pieces(tokenizer, [pair.indonesian for pair in translations])
    counts_en = count_pieces(tokenizer, [pair.english for pair in translations])
    fresh = _indonesian_homographs(
        pieces, set(base_pieces), counts_id, counts_en, recipe.vocabulary.homograph_ratio
    )
    log.info("%d English pieces are Indonesian words here: %s", len(fresh), sorted(fresh)[:40])
    table = new_rows(pieces, fresh, base_rows, alignment, recipe.vocabulary, spell)

    _replace_table(body, table)
    assemble(body, tokenizer, recipe.base.max_tokens, output)


def assemble(
    body: BertModel, tokenizer: Tokenizer, max_tokens: int, output: Path
) -> SentenceTransformer:
    """Body, tokenizer, mean pooling and normalisation as one SentenceTransformer folder."""
    hidden = output / "body"
    body.save_pretrained(hidden)
    write_tokenizer(tokenizer, max_tokens, hidden)
    transformer = Transformer(str(hidden), max_seq_length=max_tokens)
    model = SentenceTransformer(
        modules=[transformer, Pooling(body.config.hidden_size, "mean"), Normalize()], device="cpu"
    )
    model.save(str(output), create_model_card=False)
    for leftover in sorted(hidden.iterdir()):
        leftover.unlink()
    hidden.rmdir()
    return model


def _indonesian_homographs(
    pieces: list[str],
    base: set[str],
    counts_id: Counter[str],
    counts_en: Counter[str],
    ratio: float,
) -> set[str]:
    """Base pieces that are mostly Indonesian words here: `dan`, `di`, `yang`, `ada`.

    Names are as frequent in both sides of a translation, so the ratio leaves them alone.
    """
    return {
        piece
        for piece in pieces
        if piece in base
        and piece not in SPECIAL
        and piece.isalpha()
        and len(piece) > 1
        and counts_id[piece] > ratio * (counts_en[piece] + 1)
    }


def _ids(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    return [item.ids for item in tokenizer.encode_batch(texts, add_special_tokens=False)]


def _replace_table(body: BertModel, table: NDArray[np.float32]) -> None:
    embedding = torch.nn.Embedding(len(table), table.shape[1], padding_idx=0)
    embedding.weight = torch.nn.Parameter(torch.from_numpy(table))
    body.embeddings.word_embeddings = embedding
    body.config.vocab_size = len(table)
