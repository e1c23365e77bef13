"""The static twin: one vector a token, its direction the meaning, its length the weight.

A text's vector is the mean of its tokens' vectors. Rows start as what the bilingual encoder says
of each token alone, scaled by inverse document frequency, and are then trained on the same pairs.
"""

import json
import logging
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax, normalize, softmax

from index.training.batches import embed
from index.training.recipe import Static
from index.training.vocabulary import SPECIAL, latin

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StaticLesson:
    """What the static twin learns from."""

    pairs: list[tuple[str, str]]
    """Texts that belong together: translations, questions and passages, cloze pairs."""
    taught: list[str]
    """Texts with a teacher vector, in either language."""
    vectors: Tensor
    """Teacher vectors of `taught`, unit rows, float32, shape (len(taught), d)."""


def static_pieces(encoder: SentenceTransformer, base: Tokenizer, size: int) -> list[str]:
    """The encoder's pieces, filled up to `size` with Latin ones of the base it left out."""
    vocabulary = encoder.tokenizer.backend_tokenizer.get_vocab()
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    left = base.get_vocab()
    extra = [piece for piece in left if piece not in vocabulary and latin(piece)]
    return [*pieces, *sorted(extra, key=left.__getitem__)][:size]


def inverse_document_frequency(
    tokenizer: Tokenizer, texts: Sequence[str], smoothing: float
) -> NDArray[np.float32]:
    """ln((n + smoothing) / (df + smoothing)) for each token id, n texts, df of them with it."""
    found = np.zeros(tokenizer.get_vocab_size())
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        found[list(set(encoding.ids))] += 1
    return np.log((len(texts) + smoothing) / (found + smoothing)).astype(np.float32)


@torch.inference_mode()
def first_rows(
    encoder: SentenceTransformer, tokenizer: Tokenizer, idf: NDArray[np.float32]
) -> Tensor:
    """Each token as the encoder sees it alone, centred, times its idf; shape (vocabulary, d)."""
    inside = encoder.tokenizer.backend_tokenizer
    inside.no_padding()
    known = inside.get_vocab()
    start, end = known["[CLS]"], known["[SEP]"]
    vocabulary = tokenizer.get_vocab()
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    ids = []
    for piece in pieces:
        inner = (
            [known[piece]]
            if piece in known
            else inside.encode(piece.removeprefix("##"), add_special_tokens=False).ids
        )
        ids.append([start, *inner, end])
    rows = torch.cat([embed(encoder, ids[at : at + 256]) for at in range(0, len(ids), 256)])
    # What all tokens share (the [CLS] and [SEP] around them) says nothing about any of them.
    rows = normalize(rows - rows.mean(dim=0), dim=1) * torch.from_numpy(idf)[:, None]
    rows[: len(SPECIAL)] = 0
    return rows


def train_static(
    rows: Tensor, tokenizer: Tokenizer, lesson: StaticLesson, settings: Static, seed: int
) -> Tensor:
    """The trained rows, float32, shape (vocabulary, d).

    Loss of a step: InfoNCE in both directions over a batch of pairs, plus teacher_weight times
    the divergence of the similarities within a batch of taught texts from the teacher's.
    """
    bag = nn.EmbeddingBag.from_pretrained(rows.clone(), freeze=False, mode="mean")
    left = _encode(tokenizer, [pair[0] for pair in lesson.pairs])
    right = _encode(tokenizer, [pair[1] for pair in lesson.pairs])
    taught = _encode(tokenizer, lesson.taught)
    picker = random.Random(seed)
    per_epoch = len(left) // settings.batch
    steps = settings.epochs * per_epoch
    adam = torch.optim.Adam(bag.parameters(), lr=settings.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        adam, lambda step: min(1.0, (step + 1) / 5) * (1 - step / steps)
    )
    labels = torch.arange(settings.batch)
    for step in range(steps):
        if step % per_epoch == 0:
            order = picker.sample(range(len(left)), len(left))
        at = step % per_epoch * settings.batch
        chosen = order[at : at + settings.batch]
        a, b = _pooled(bag, left, chosen), _pooled(bag, right, chosen)
        logits = a @ b.T / settings.temperature
        contrast = (cross_entropy(logits, labels) + cross_entropy(logits.T, labels)) / 2
        some = picker.sample(range(len(taught)), settings.teacher_batch)
        divergence = _divergence(
            _pooled(bag, taught, some), lesson.vectors[some], settings.temperature
        )
        loss = contrast + settings.teacher_weight * divergence
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        bag.weight.grad[: len(SPECIAL)] = 0  # type: ignore[index]
        adam.step()
        schedule.step()
        if step % 10 == 0 or step == steps - 1:
            log.info(
                "static %d/%d: contrast %.3f, teacher %.3f",
                step + 1,
                steps,
                contrast.item(),
                divergence.item(),
            )
    return bag.weight.detach()


def save_static(rows: Tensor, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the static twin: a SentenceTransformer folder with int8 rows.

    `model.safetensors` holds `embeddings` (int8, (rows, d)), `weights` (float32, (rows,)), the
    size of one step of each row, and `mapping` (int32, (vocabulary,)), the row of a token id;
    the vector of token t is embeddings[mapping[t]] · weights[mapping[t]].
    """
    folder.mkdir(parents=True, exist_ok=True)
    module = StaticEmbedding(tokenizer, embedding_weights=rows.numpy())
    SentenceTransformer(modules=[module], device="cpu").save(str(folder), create_model_card=False)
    values = rows.numpy()
    step = np.maximum(np.abs(values).max(axis=1), 1e-8) / 127
    tensors = {
        "embeddings": np.round(values / step[:, None]).astype(np.int8),
        "weights": step.astype(np.float32),
        "mapping": np.arange(len(values), dtype=np.int32),
    }
    save_file(tensors, folder / "model.safetensors")
    kind = {
        "idx": 0,
        "name": "0",
        "path": "",
        "type": "sentence_transformers.models.StaticEmbedding",
    }
    (folder / "modules.json").write_text(json.dumps([kind], indent=2) + "\n", encoding="utf-8")


def load_static(folder: Path) -> tuple[Tensor, Tokenizer]:
    """Rows, float32, shape (vocabulary, d), and tokenizer of a folder `save_static` wrote."""
    tensors = load_file(folder / "model.safetensors")
    rows = tensors["embeddings"].astype(np.float32) * tensors["weights"][:, None]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return torch.from_numpy(rows[tensors["mapping"]]), tokenizer


def _encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[NDArray[np.int64]]:
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [np.array(encoding.ids[:256], dtype=np.int64) for encoding in encodings]


def _pooled(bag: nn.EmbeddingBag, texts: list[NDArray[np.int64]], chosen: list[int]) -> Tensor:
    rows = [texts[index] for index in chosen]
    offsets = np.cumsum([0, *(len(row) for row in rows[:-1])])
    pooled: Tensor = bag(torch.from_numpy(np.concatenate(rows)), torch.from_numpy(offsets))
    return normalize(pooled, dim=1)


def _divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """KL(teacher ‖ student) of the similarities within a batch, the diagonal left out."""
    diagonal = torch.eye(len(student), dtype=torch.bool)
    wanted = softmax((teacher @ teacher.T / temperature).masked_fill(diagonal, -math.inf), dim=1)
    given = log_softmax((student @ student.T / temperature).masked_fill(diagonal, -1e4), dim=1)
    return kl_div(given, wanted, reduction="batchmean")
