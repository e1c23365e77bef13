"""The static twin's second lesson: the score that the search adds to the cosine.

Late interaction (Khattab and Zaharia, 2020, "ColBERT") with static vectors: each question token
looks for the most similar token of the passage. Two changes fit it to two languages: a token
counts by its squared length, a learned idf, and similarities are capped, so that a translation
counts as much as the same word.
"""

import logging
import random
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from index.training.recipe import Late
from index.training.vocabulary import SPECIAL

log = logging.getLogger(__name__)

Ids = NDArray[np.int64]


def max_similarity(
    rows: Tensor, questions: Sequence[Ids], passages: Sequence[Ids], cap: float, slope: float = 0.0
) -> Tensor:
    """Score of every question with every passage, shape (len(questions), len(passages)).

    sum over question tokens of |q|² · min(max cos(q, p), cap) / cap, over the sum of |q|²: in
    [-1, 1]. `rows` is (vocabulary, d). Above the cap the similarity goes on rising with `slope`,
    0 as in the search; a little of it leaves a gradient there.
    """
    asked = torch.from_numpy(np.concatenate(questions))
    told = torch.from_numpy(np.concatenate(passages))
    # Look each distinct token up once, then spread the similarities over texts.
    asked_ids, asked_at = torch.unique(asked, return_inverse=True)
    told_ids, told_at = torch.unique(told, return_inverse=True)
    asked_rows = rows[asked_ids]
    similarity = normalize(asked_rows, dim=1) @ normalize(rows[told_ids], dim=1).T
    lengths = torch.tensor([len(ids) for ids in passages])
    spread = similarity[:, told_at]
    best = torch.segment_reduce(
        spread.T.contiguous(), "max", lengths=lengths, axis=0, unsafe=True
    ).T
    capped = torch.clamp(best, max=cap) + slope * torch.clamp(best - cap, min=0)
    weight = asked_rows.pow(2).sum(dim=1)[asked_at]
    owner = torch.repeat_interleave(
        torch.arange(len(questions)), torch.tensor([len(ids) for ids in questions])
    )
    total = torch.zeros(len(questions), len(passages))
    total = total.index_add(0, owner, weight[:, None] * capped[asked_at] / cap)
    return total / torch.zeros(len(questions)).index_add(0, owner, weight)[:, None]


def train_late(
    rows: Tensor, tokenizer: Tokenizer, pairs: list[tuple[str, str]], settings: Late, seed: int
) -> Tensor:
    """The rows after `settings.epochs` over (question, passage) pairs, shape (vocabulary, d).

    InfoNCE over the passages of a batch, plus a pull back to where the rows came from: most rows
    are seldom seen here and know their meaning from the first lesson.
    """
    start = rows.clone()
    table = torch.nn.Parameter(rows.clone())
    pairs = [pair for pair in pairs if all(map(len, distinct_ids(tokenizer, pair)))]
    place = {text: at for at, text in enumerate(dict.fromkeys(pair[1] for pair in pairs))}
    gold = [place[pair[1]] for pair in pairs]
    questions = distinct_ids(tokenizer, [pair[0] for pair in pairs])
    passages = distinct_ids(tokenizer, list(place))
    picker = random.Random(seed)
    steps = settings.epochs * (len(pairs) // settings.batch)
    adam = torch.optim.Adam([table], lr=settings.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / steps)
    order: list[int] = []
    for step in range(steps):
        if len(order) < settings.batch:
            order = picker.sample(range(len(pairs)), len(pairs))
        chosen, order = order[: settings.batch], order[settings.batch :]
        told = list(dict.fromkeys(gold[at] for at in chosen))
        labels = torch.tensor([told.index(gold[at]) for at in chosen])
        asked, heard = [questions[at] for at in chosen], [passages[at] for at in told]
        scores = max_similarity(table, asked, heard, settings.cap, settings.slope)
        contrast = cross_entropy(scores / settings.temperature, labels)
        used = torch.from_numpy(np.unique(np.concatenate([questions[at] for at in chosen])))
        drift = (table[used] - start[used]).pow(2).sum(dim=1)
        drift = (drift / start[used].pow(2).sum(dim=1).clamp_min(1e-6)).mean()
        loss = contrast + settings.drift_weight * drift
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        assert table.grad is not None
        table.grad[: len(SPECIAL)] = 0
        adam.step()
        schedule.step()
        if step % 50 == 0 or step == steps - 1:
            log.info(
                "late %d/%d: contrast %.3f, drift %.4f",
                step + 1,
                steps,
                contrast.item(),
                drift.item(),
            )
    return table.detach()


def distinct_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Ids]:
    """The distinct token ids of each text, sorted, without the special tokens."""
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [
        np.array(sorted({i for i in encoding.ids if i >= len(SPECIAL)}), dtype=np.int64)
        for encoding in encodings
    ]
