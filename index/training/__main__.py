"""python -m index.training DATA: from the base model to `index/model/`, stage by stage.

Every stage writes a folder or file below --work and is skipped when that is there: after a
break the same command goes on where it stopped. Delete a stage's output to do it again, and those
after it with it.
"""

import argparse
import logging
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer

from index.training.base import load_base
from index.training.data import (
    QuestionPassage,
    Translation,
    paragraphs,
    read_lexicon,
    read_question_passages,
    read_translations,
)
from index.training.distil import Lesson, distil, prepare, save_average
from index.training.export import export, readable
from index.training.late import train_late
from index.training.leakage import drop_leaks, read_protected
from index.training.pairs import late_pairs, static_pairs
from index.training.recipe import DEFAULT, REPOSITORY, Recipe, read_recipe
from index.training.static import (
    StaticLesson,
    first_rows,
    inverse_document_frequency,
    load_static,
    save_static,
    static_pieces,
    train_static,
)
from index.training.surgery import operate
from index.training.vocabulary import tokenizer_of

log = logging.getLogger(__name__)


class Texts:
    """The training texts of a recipe, read once, without what is protected for evaluation."""

    def __init__(self, recipe: Recipe, folder: Path, evaluation: list[Path]) -> None:
        self.translations: list[Translation] = read_translations(folder, recipe)
        self.lexicon: list[Translation] = read_lexicon(recipe)
        self.spelled: list[QuestionPassage] = read_question_passages(
            folder, recipe, *recipe.vocabulary.sources
        )
        self.asked: list[QuestionPassage] = read_question_passages(
            folder, recipe, *recipe.late.sources
        )
        self.related: list[QuestionPassage] = read_question_passages(folder, recipe)
        if evaluation:
            protected = read_protected(evaluation)
            self.translations = drop_leaks(self.translations, protected)
            self.spelled = drop_leaks(self.spelled, protected)
            self.asked = drop_leaks(self.asked, protected)
            self.related = drop_leaks(self.related, protected)


def main() -> None:
    """Run the stages that are not done yet."""
    parser = argparse.ArgumentParser(prog="python -m index.training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the training data")
    parser.add_argument("--recipe", type=Path, default=DEFAULT)
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "training")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "index" / "model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--evaluation",
        type=Path,
        nargs="*",
        default=[REPOSITORY / "corpus" / "articles", REPOSITORY / "corpus" / "questions"],
        help="folders of texts that must not be trained on; what leaks is dropped",
    )
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    recipe = read_recipe(chosen.recipe)
    torch.manual_seed(recipe.seed)
    work: Path = chosen.work
    work.mkdir(parents=True, exist_ok=True)
    texts = Texts(recipe, chosen.data, chosen.evaluation)
    log.info(
        "%d translations, %d lexicon pairs, %d question–passage pairs",
        len(texts.translations),
        len(texts.lexicon),
        len(texts.asked),
    )

    if _missing(work / "surgery"):
        operate(recipe, texts.translations, texts.lexicon, texts.spelled, work / "surgery")
    lesson = prepare(
        load_base(recipe.base),
        texts.translations,
        texts.lexicon,
        recipe.distil,
        recipe.seed,
        work / "teacher.pt",
    )
    if _missing(work / "distilled"):
        distil(_load(work / "surgery"), lesson, recipe.distil, recipe.seed, work / "distilled")
    if _missing(work / "static"):
        make_static(recipe, texts, lesson, _load(work / "distilled"), work / "static")
    if _missing(work / "averaged"):
        share = recipe.distil.average
        save_average(_load(work / "surgery"), _load(work / "distilled"), share, work / "averaged")
    export(_load(work / "averaged"), recipe, chosen.output)
    rows, tokenizer = load_static(work / "static")
    save_static(rows, tokenizer, chosen.output / "static")
    readable(chosen.output)
    log.info("the model is in %s", chosen.output)


def make_static(
    recipe: Recipe, texts: Texts, lesson: Lesson, encoder: SentenceTransformer, output: Path
) -> None:
    """The static twin: rows of the encoder, then the two lessons."""
    base = load_base(recipe.base).tokenizer.backend_tokenizer
    tokenizer = tokenizer_of(static_pieces(encoder, base, recipe.static.vocabulary))
    seen = [side for pair in texts.translations for side in (pair.indonesian, pair.english)]
    seen += list(dict.fromkeys(pair.passage for pair in texts.related))
    idf = inverse_document_frequency(tokenizer, seen, recipe.static.smoothing)
    made = paragraphs(texts.translations, recipe.static.paragraphs, (2, 6), recipe.seed + 1)
    taught = StaticLesson(
        static_pairs(texts.translations, texts.lexicon, texts.related, made, recipe.seed),
        [*lesson.indonesian, *lesson.english],
        lesson.vectors[lesson.target * 2],
    )
    rows = first_rows(encoder, tokenizer, idf)
    rows = train_static(rows, tokenizer, taught, recipe.static, recipe.seed)
    if recipe.late.epochs:
        asked = late_pairs(texts.translations, texts.asked, recipe.late.pairs, recipe.seed)
        rows = train_late(rows, tokenizer, asked, recipe.late, recipe.seed)
    save_static(rows, tokenizer, output)


def _missing(folder: Path) -> bool:
    if (folder / "modules.json").is_file():
        log.info("%s is there: skipped", folder)
        return False
    return True


def _load(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")


if __name__ == "__main__":
    main()
