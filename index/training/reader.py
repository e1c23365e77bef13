"""The reader: the encoder's first layers, taught to say whether a passage answers a question, and where.

    python -m index.training.reader DATA [--evaluation FOLDER ...]

Question and passage go in together (a cross-encoder; Nogueira and Cho 2019), the question's tokens say
together whether the passage answers, two more outputs a token where the answer begins and ends
(Devlin et al. 2019). The token table stays as it is: it knows both languages already.
"""

import argparse
import json
import logging
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import BertModel

from index.abstention import auroc
from index.maxsim import StaticVectors
from index.training.answerability import Example, Lesson, own_lesson, read_lesson
from index.training.batches import by_tokens
from index.training.export import readable, write_graph
from index.training.graph import ReaderGraph, matches
from index.training.leakage import read_protected
from index.training.recipe import DEFAULT, REPOSITORY, Reader, Recipe, read_recipe

log = logging.getLogger(__name__)
MODEL = REPOSITORY / "index" / "model"


class ReaderModel(nn.Module):
    """The first layers of a BERT body, told what matches on the other side, with two heads."""

    def __init__(self, body: BertModel, layers: int) -> None:
        super().__init__()
        self.body = body
        body.encoder.layer = body.encoder.layer[:layers]
        body.config.num_hidden_layers = layers
        body.pooler = None
        body.embeddings.word_embeddings.weight.requires_grad_(False)
        width = body.config.hidden_size
        self.match = nn.Linear(2, width, bias=False)
        nn.init.normal_(self.match.weight, std=0.02)
        self.answers = nn.Linear(width, 1)
        self.span = nn.Linear(width, 2)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits that the passage answers, (batch,), and of the answer's first and last token,
        (batch, length, 2); all three inputs int64, (batch, length)."""
        rows = self.body.embeddings.word_embeddings(ids)
        matched = rows + self.match(matches(rows.float(), ids, types, mask))
        hidden = self.body(
            inputs_embeds=matched, token_type_ids=types, attention_mask=mask
        ).last_hidden_state
        asked = ((types == 0) & (mask == 1)).unsqueeze(2)
        pooled = (hidden * asked).sum(dim=1) / asked.sum(dim=1)
        return self.answers(pooled).squeeze(1).float(), self.span(hidden).float()


def reader_tokenizer(folder: Path, max_tokens: int) -> Tokenizer:
    """The encoder's tokenizer for pairs: of a pair too long the passage is cut."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens, strategy="only_second")
    return tokenizer


def stacked(encodings: Sequence[Encoding]) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, types and mask, int64, (batch, longest), padded with 0."""
    longest = max(len(item.ids) for item in encodings)
    ids, types, mask = (torch.zeros((len(encodings), longest), dtype=torch.int64) for _ in range(3))
    for row, item in enumerate(encodings):
        ids[row, : len(item.ids)] = torch.tensor(item.ids)
        types[row, : len(item.ids)] = torch.tensor(item.type_ids)
        mask[row, : len(item.ids)] = 1
    return ids, types, mask


def places(example: Example, encoding: Encoding) -> tuple[int, int]:
    """First and last token of the answer; -100 (no target) where none is marked or it was cut off."""
    first = last = -100
    if example.start >= 0:
        for at, (offsets, side) in enumerate(
            zip(encoding.offsets, encoding.sequence_ids, strict=True)
        ):
            if side == 1 and offsets[0] < example.end and example.start < offsets[1]:
                first = at if first < 0 else first
                last = at
    return first, last


def reading_loss(
    logits: Tensor, spans: Tensor, answers: Tensor, targets: Tensor, span_weight: float
) -> Tensor:
    """Cross-entropy of the verdict, plus `span_weight` times that of first and last token, a scalar.

    `logits` and `answers` (batch,), `spans` (batch, length, 2), `targets` int64 (batch, 2), -100
    where there is none.
    """
    loss = binary_cross_entropy_with_logits(logits, answers)
    if (targets >= 0).any():
        loss = loss + span_weight * cross_entropy(spans, targets, ignore_index=-100)
    return loss


def train_reader(
    model: ReaderModel,
    tokenizer: Tokenizer,
    lesson: Lesson,
    settings: Reader,
    epochs: float,
    learning_rate: float,
    seed: int,
    save: Path,
) -> None:
    """Train `model` in place on `lesson` and keep its weights in `save`."""
    examples = lesson.train
    encodings = tokenizer.encode_batch(
        [(example.question, example.passage) for example in examples]
    )
    targets = torch.tensor(
        [places(example, item) for example, item in zip(examples, encodings, strict=True)]
    )
    answers = torch.tensor([float(example.answers) for example in examples])
    picker = random.Random(seed)
    lengths = [len(item.ids) for item in encodings]
    batches: list[list[int]] = []
    rounds = math.ceil(epochs)
    for _ in range(rounds):
        batches += by_tokens(lengths, range(len(examples)), settings.tokens_per_batch, picker)
    batches = batches[: int(len(batches) * epochs / rounds)]
    trained: list[tuple[str, nn.Parameter]] = [
        item for item in model.named_parameters() if item[1].requires_grad
    ]
    groups: list[dict[str, Any]] = [
        {"params": [p for name, p in trained if name.startswith("body.")]},
        {
            "params": [p for name, p in trained if not name.startswith("body.")],
            "lr": 5 * learning_rate,
        },
    ]
    adam = torch.optim.AdamW(
        groups, lr=learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    steps = len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        adam, lambda step: min(1.0, (step + 1) / (0.06 * steps)) * (1 - step / steps)
    )
    model.train()
    started, running = time.monotonic(), 0.0
    for step, batch in enumerate(batches, start=1):
        with torch.autocast("cpu", torch.bfloat16):
            logits, spans = model(*stacked([encodings[at] for at in batch]))
        loss = reading_loss(logits, spans, answers[batch], targets[batch], settings.span_weight)
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([p for _, p in trained], 1.0)
        adam.step()
        schedule.step()
        running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 0:
            minutes = (time.monotonic() - started) / 60
            log.info("reader %d/%d: loss %.4f, %.1f min", step, steps, running, minutes)
        if step % 400 == 0 or step == steps:  # a look, and something to keep should it break off
            log.info("held out: %s", held_out(model, tokenizer, lesson.held_out))
            model.train()
            part = save.with_suffix(".part" if step < steps else ".pt")
            torch.save(model.state_dict(), part)


@torch.inference_mode()
def held_out(model: ReaderModel, tokenizer: Tokenizer, examples: list[Example]) -> str:
    """AUROC of answered against unanswered, overall and by where the unanswered come from."""
    model.eval()
    encodings = tokenizer.encode_batch([(e.question, e.passage) for e in examples])
    verdicts = torch.zeros(len(examples))
    for batch in by_tokens(
        [len(item.ids) for item in encodings], range(len(examples)), 4000, random.Random(0)
    ):
        with torch.autocast("cpu", torch.bfloat16):
            verdicts[batch] = model(*stacked([encodings[at] for at in batch]))[0]
    by_source: dict[str, list[float]] = {}
    for example, verdict in zip(examples, verdicts.tolist(), strict=True):
        key = "answered" if example.answers else example.source
        by_source.setdefault(key, []).append(verdict)
    answered = by_source.pop("answered", [])
    values = [f"{source} {auroc(answered, found):.3f}" for source, found in by_source.items()]
    whole = auroc(answered, [value for found in by_source.values() for value in found])
    return f"AUROC {whole:.3f}; " + ", ".join(values)


def export_reader(model: ReaderModel, recipe: Recipe, folder: Path) -> None:
    """Write `reader_int8.onnx` and `profile.json`, which index/reader.py reads, to `folder`."""
    graph = ReaderGraph(model.body, model.match, model.answers, model.span)
    width = model.body.config.hidden_size
    length = torch.export.Dim("length", max=512)
    write_graph(
        graph,
        (
            torch.ones((1, 7, width)),
            torch.ones((1, 7), dtype=torch.int64),
            torch.tensor([[0, 0, 0, 1, 1, 1, 1]]),
        ),
        folder / "reader_int8.onnx",
        inputs={"rows": {1: length}, "input_ids": {1: length}, "types": {1: length}},
        outputs=["answers", "span"],
        quantise=True,
    )
    profile = {
        "name": f"{recipe.name}-reader",
        "version": recipe.version,
        "layers": recipe.reader.layers,
        "max_tokens": recipe.base.max_tokens,
    }
    (folder / "profile.json").write_text(json.dumps(profile, indent=2) + "\n", encoding="utf-8")
    readable(folder)


def main() -> None:
    """Train the reader, or go on to its export where it is trained."""
    parser = argparse.ArgumentParser(prog="python -m index.training.reader")
    parser.add_argument("data", type=Path, help="folder of the training data")
    parser.add_argument("--recipe", type=Path, default=DEFAULT)
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "training")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "index" / "reader")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--evaluation", type=Path, nargs="*", default=[])
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    recipe = read_recipe(chosen.recipe)
    torch.manual_seed(recipe.seed)
    work: Path = chosen.work
    work.mkdir(parents=True, exist_ok=True)
    model = ReaderModel(BertModel.from_pretrained(MODEL), recipe.reader.layers)
    tokenizer = reader_tokenizer(MODEL, recipe.base.max_tokens)
    first, weights = work / "reader_first.pt", work / "reader.pt"
    if not weights.is_file():
        protected = read_protected(chosen.evaluation) if chosen.evaluation else None
        static, settings = StaticVectors(MODEL / "static"), recipe.reader
        lesson = read_lesson(recipe, chosen.data, protected, static)
        log.info("%d examples, %d held out", len(lesson.train), len(lesson.held_out))
        if not first.is_file():
            train_reader(
                model,
                tokenizer,
                lesson,
                settings,
                settings.epochs,
                settings.learning_rate,
                recipe.seed,
                first,
            )
        model.load_state_dict(torch.load(first, weights_only=True))
        own = own_lesson(recipe, lesson, protected, static)
        log.info("%d examples, %d held out", len(own.train), len(own.held_out))
        train_reader(
            model,
            tokenizer,
            own,
            settings,
            settings.own_epochs,
            settings.own_learning_rate,
            recipe.seed,
            weights,
        )
    model.load_state_dict(torch.load(weights, weights_only=True))
    export_reader(model, recipe, chosen.output)


if __name__ == "__main__":
    main()
