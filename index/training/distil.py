"""Stage 2, distillation: both languages learn the English teacher's vectors.

Reimers and Gurevych (2020), "Making Monolingual Sentence Embeddings Multilingual using Knowledge
Distillation", with a cosine instead of a squared error and a contrastive term beside it.
"""

import logging
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from torch.nn.functional import cross_entropy

from index.training.batches import embed, encode, endless, optimiser, token_ids
from index.training.data import Translation, paragraphs
from index.training.recipe import Distil

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Texts to learn, each with the row of its teacher vector."""

    indonesian: list[str]
    english: list[str]
    target: list[int]
    """Row of `vectors` for `indonesian[i]` and for `english[i]`."""
    vectors: Tensor
    """Unit vectors of the teacher, float32, shape (distinct English texts, d)."""


def prepare(
    teacher: SentenceTransformer,
    translations: list[Translation],
    lexicon: list[Translation],
    settings: Distil,
    seed: int,
    cache: Path,
) -> Lesson:
    """Sentences, lexicon and pseudo-paragraphs with the teacher's vectors (kept in `cache`)."""
    share = settings.paragraph_share
    shortest, longest = settings.paragraph_sentences
    made = paragraphs(
        translations,
        int(len(translations + lexicon) * share / (1 - share)),
        (shortest, longest),
        seed,
    )
    pairs = [*translations, *lexicon, *made]
    distinct = {text: number for number, text in enumerate(dict.fromkeys(p.english for p in pairs))}
    if cache.is_file():
        vectors = torch.load(cache, weights_only=True).float()
    else:
        vectors = encode(teacher, list(distinct))
        torch.save(vectors.half(), cache)
    if len(vectors) != len(distinct):
        raise ValueError(
            f"{cache} holds {len(vectors)} teacher vectors, the data has {len(distinct)} English "
            "texts: delete it and run again."
        )
    return Lesson(
        [pair.indonesian for pair in pairs],
        [pair.english for pair in pairs],
        [distinct[pair.english] for pair in pairs],
        vectors,
    )


def distillation_loss(
    student: Tensor, target: Tensor, negatives: Tensor, settings: Distil
) -> Tensor:
    """cosine_weight · mean(1 − cos) + contrast_weight · InfoNCE, a scalar.

    `student` and `target` are unit rows, shape (batch, d); `negatives` (n, d) come on top of the
    batch's other targets. What is nearly the target itself does not count as a negative.
    """
    candidates = torch.cat([target, negatives])
    logits = student @ candidates.T / settings.temperature
    own = torch.eye(len(target), len(candidates), dtype=torch.bool)
    same = (target @ candidates.T > settings.same_above) & ~own
    contrast = cross_entropy(logits.masked_fill(same, -1e4), torch.arange(len(target)))
    distance = (1 - (student * target).sum(dim=1)).mean()
    return settings.cosine_weight * distance + settings.contrast_weight * contrast


class Distiller:
    """Draws batches of a lesson for ever and gives their loss."""

    def __init__(
        self, student: SentenceTransformer, lesson: Lesson, settings: Distil, seed: int
    ) -> None:
        self._student = student
        self._vectors = lesson.vectors
        self._settings = settings
        self._picker = random.Random(seed)
        self._noise = torch.Generator().manual_seed(seed)
        self._count = len(lesson.indonesian)
        self._ids = token_ids(student, [*lesson.indonesian, *lesson.english])
        self._target = torch.tensor(lesson.target * 2)
        self._batches = endless(
            [len(row) for row in self._ids],
            self._epochs(),
            settings.tokens_per_batch,
            self._picker,
        )

    def _epochs(self) -> Iterator[list[int]]:
        """Every Indonesian text and as many English ones as `english_share` asks for."""
        share = self._settings.english_share
        while True:
            english = self._picker.sample(
                range(self._count, 2 * self._count), int(self._count * share / (1 - share))
            )
            yield [*range(self._count), *english]

    def loss(self) -> Tensor:
        """The loss of the next batch, a scalar with gradients."""
        batch = next(self._batches)
        target = self._vectors[self._target[batch]]
        rows = torch.randint(len(self._vectors), (self._settings.negatives,), generator=self._noise)
        student = embed(self._student, [self._ids[index] for index in batch])
        return distillation_loss(student, target, self._vectors[rows], self._settings)


def distil(
    student: SentenceTransformer, lesson: Lesson, settings: Distil, seed: int, output: Path
) -> None:
    """Train `student` in place and save it to `output`.

    Without dropout: the targets are exact and the data is passed over hardly once.
    """
    student.eval()
    distiller = Distiller(student, lesson, settings, seed)
    adam, schedule = optimiser(
        student,
        settings.learning_rate_embeddings,
        settings.learning_rate_body,
        settings.weight_decay,
        settings.steps,
        settings.warm_up_steps,
    )
    started, running = time.monotonic(), 0.0
    for step in range(1, settings.steps + 1):
        loss = distiller.loss()
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        adam.step()
        schedule.step()
        running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 0:
            minutes = (time.monotonic() - started) / 60
            log.info("distil %d/%d: loss %.4f, %.1f min", step, settings.steps, running, minutes)
    student.save(str(output), create_model_card=False)


def save_average(
    before: SentenceTransformer, after: SentenceTransformer, share: float, output: Path
) -> None:
    """Save `after` with its weights averaged with those of `before`.

    Wortsman et al. (2022), "Robust fine-tuning of zero-shot models": the average keeps what the
    sentences of the training do not teach.
    """
    after.load_state_dict(average(before.state_dict(), after.state_dict(), share))
    after.save(str(output), create_model_card=False)


def average(before: dict[str, Tensor], after: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """(1 − share) · before + share · after, tensor by tensor."""
    return {
        name: torch.lerp(before[name].float(), after[name].float(), share).to(after[name].dtype)
        for name in after
    }
