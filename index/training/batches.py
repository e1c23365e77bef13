"""Batches by length: texts of like length together, so that padding costs little."""

import random
from collections.abc import Iterator, Sequence

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from index.training.base import body_of


def token_ids(model: SentenceTransformer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids with [CLS] and [SEP], cut at the model's longest input."""
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.enable_truncation(model.max_seq_length)
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def by_tokens(
    lengths: Sequence[int], chosen: Sequence[int], tokens: int, picker: random.Random
) -> list[list[int]]:
    """Split `chosen` (indices into `lengths`) into batches of at most `tokens` with padding.

    Batches come in random order; within windows of some 50 batches texts are sorted by length.
    """
    shuffled = list(chosen)
    picker.shuffle(shuffled)
    mean = max(1, sum(lengths[index] for index in shuffled) // max(1, len(shuffled)))
    window = max(1, 50 * tokens // mean)
    batches: list[list[int]] = []
    for start in range(0, len(shuffled), window):
        batch: list[int] = []
        for index in sorted(shuffled[start : start + window], key=lambda index: lengths[index]):
            if batch and lengths[index] * (len(batch) + 1) > tokens:
                batches.append(batch)
                batch = []
            batch.append(index)
        if batch:
            batches.append(batch)
    picker.shuffle(batches)
    return batches


def padded(ids: Sequence[Sequence[int]]) -> dict[str, Tensor]:
    """`input_ids` and `attention_mask`, int64, shape (batch, longest); padding is id 0."""
    longest = max(len(row) for row in ids)
    rows = torch.zeros((len(ids), longest), dtype=torch.int64)
    mask = torch.zeros_like(rows)
    for number, row in enumerate(ids):
        rows[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    return {"input_ids": rows, "attention_mask": mask}


def embed(model: SentenceTransformer, ids: Sequence[Sequence[int]]) -> Tensor:
    """Unit vectors with gradients, float32, shape (len(ids), d); bf16 inside."""
    with torch.autocast("cpu", torch.bfloat16):
        vectors: Tensor = model(padded(ids))["sentence_embedding"]
    return torch.nn.functional.normalize(vectors.float(), dim=1)


@torch.inference_mode()
def encode(model: SentenceTransformer, texts: Sequence[str], tokens: int = 4000) -> Tensor:
    """Unit vectors without gradients, float32, shape (len(texts), d), in the texts' order."""
    ids = token_ids(model, texts)
    vectors = torch.zeros((len(texts), model.get_embedding_dimension() or 0))
    batches = by_tokens([len(row) for row in ids], range(len(ids)), tokens, random.Random(0))
    for batch in batches:
        vectors[batch] = embed(model, [ids[index] for index in batch])
    return vectors


def endless(
    lengths: Sequence[int], draw: "Iterator[list[int]]", tokens: int, picker: random.Random
) -> Iterator[list[int]]:
    """Batches for ever: one epoch after another, each over a fresh draw of indices."""
    for chosen in draw:
        yield from by_tokens(lengths, chosen, tokens, picker)


def optimiser(
    model: SentenceTransformer,
    embeddings: float,
    body: float,
    decay: float,
    steps: int,
    warm_up: int,
) -> tuple[AdamW, LambdaLR]:
    """AdamW with a rate for the token table and one for the rest, both decaying linearly to 0.

    During the first `warm_up` steps only the table learns.
    """
    table = body_of(model).embeddings.word_embeddings.weight
    rest = [parameter for parameter in model.parameters() if parameter is not table]
    adam = AdamW(
        [{"params": [table], "lr": embeddings}, {"params": rest, "lr": body}],
        weight_decay=decay,
        fused=True,
    )

    def table_rate(step: int) -> float:
        return min(1.0, (step + 1) / 50) * max(0.0, 1 - step / steps)

    def body_rate(step: int) -> float:
        if step < warm_up:
            return 0.0
        return min(1.0, (step - warm_up + 1) / 50) * max(0.0, 1 - step / steps)

    return adam, LambdaLR(adam, [table_rate, body_rate])
