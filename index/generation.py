"""A generation: one whole, immutable index on disk that describes itself.

A folder with `manifest.json` (format, encoder, counts, checksums), `articles.jsonl`, columns (`.npy`) that
say where in it articles and passages stand and what search needs of all of them, `vectors.faiss`, tokens for
MaxSim, `lexical/`, the words of the corpus, `stories.json` (which articles tell the same), and what
the next generation need not compute again (`keys`, `signatures`, `alike`). Row i of all is passage i.
`index/build.py` writes it.
"""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index import columns, holdings, vocabulary
from index.columns import Columns
from index.dense import DenseIndex
from index.encoder import Vectors
from index.holdings import Articles, Names, Passages
from index.integrity import MANIFEST, DamageError, HeldError, Lease, verify
from index.lexical import LexicalIndex
from index.maxsim import Ragged
from index.vocabulary import Vocabulary, count_words

FORMAT = 3
"""Raised whenever the files, the splitting or the stemming change; then the next rebuild builds anew."""

_READABLE = (1, 2, FORMAT)
"""Formats that still serve; others are refused. 1 knows no stories; 1 and 2 are read whole at opening."""

RECENT = 3600.0
"""Seconds for which files that were checked, and not touched since, need not be read again to open them."""

REBUILD = "Run: tanya rebuild"


class GenerationError(Exception):
    """An index that cannot be read or written; the message says which, why and what to do."""


class NoIndexError(GenerationError):
    """There is no index to answer from."""


@dataclass(frozen=True, slots=True)
class Known:
    """Vectors that need not be computed again: row i of `vectors` is of the text with `keys[i]`."""

    keys: NDArray[np.uint8]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Generation:
    """An opened generation, mapped into memory. Never changes; safe to read from threads.

    `stories`: the ids of articles that tell the same in nearly the same words, oldest first. `lease`: as
    long as it lives, the folder is not removed. `columns`: all of the folder, none of a former format.
    """

    id: str
    folder: Path
    built_at: datetime
    articles: Articles
    passages: Passages
    dense: DenseIndex
    lexical: LexicalIndex
    tokens: Ragged
    vocabulary: Vocabulary
    keys: NDArray[np.uint8]
    encoder_name: str
    fingerprint: str
    digest: str
    format: int
    stories: tuple[tuple[str, ...], ...]
    tokenizer: str
    columns: Columns
    lease: Lease

    @property
    def known(self) -> Known:
        """Its vectors, for the next generation."""
        return Known(self.keys, self.dense.all_vectors())

    @property
    def newest(self) -> int:
        """The day of the newest article (proleptic ordinal); 0 where none has a date."""
        return int(self.articles.published.max(initial=0))


COLUMNS = (
    *holdings.COLUMNS,
    *vocabulary.COLUMNS,
    "keys",  # of each passage's text: what its vector was made of
    "tokens",
    "token_offsets",
    "lexical_rows",  # the row of each document of lexical/
    "signatures",  # of the articles' texts
    "alike",  # which two articles are (corpus.story.PAIR)
)


def read_generation(
    folder: Path, fingerprint: str | None = None, recent: float = 0.0
) -> Generation:
    """Open the generation in `folder`, every file checked against its checksum.

    GenerationError where it is not whole, of another format, or (with `fingerprint`) was made by
    another encoder: its vectors would be compared with questions of a different space. `recent`: files
    that were checked so many seconds ago, and not touched since, are not read again.
    """
    lease = _lease(folder)
    manifest = _read_manifest(folder)
    if fingerprint is not None and manifest["encoder"]["fingerprint"] != fingerprint:
        raise GenerationError(
            f"{folder.name} was built by the encoder {manifest['encoder']['name']!r}, which is not "
            f"the one that the settings name. {REBUILD}"
        )
    try:
        verify(folder, manifest["files"], recent)
        generation = (_load if manifest["format"] == FORMAT else _load_former)(
            folder, manifest, lease
        )
    except DamageError as error:
        raise GenerationError(f"{error}. {REBUILD}") from error
    except (OSError, RuntimeError, ValueError, KeyError, IndexError) as error:
        raise GenerationError(f"{folder} cannot be opened ({error}). {REBUILD}") from error
    counts = {
        "manifest": manifest["counts"]["passages"],
        "passages": len(generation.passages),
        "vectors.faiss": len(generation.dense),
        "lexical": len(generation.lexical),
        "tokens": len(generation.tokens),
    }
    if len(set(counts.values())) != 1:
        raise GenerationError(f"{folder} is out of step: {counts}. {REBUILD}")
    return generation


def _lease(folder: Path) -> Lease:
    try:
        return Lease(folder)
    except HeldError as error:
        raise GenerationError(f"{folder} is just being removed. {REBUILD}") from error
    except FileNotFoundError as error:
        raise GenerationError(f"{folder} has no {MANIFEST}. {REBUILD}") from error
    except OSError as error:
        raise GenerationError(f"{folder / MANIFEST}: {error}. {REBUILD}") from error


def _load(folder: Path, manifest: dict[str, Any], lease: Lease) -> Generation:
    held = columns.load(folder, COLUMNS)
    facets = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    articles = Articles(
        _map(folder / "articles.jsonl"), held, Names(*(tuple(facets[n]) for n in Names.__slots__))
    )
    return Generation(
        passages=Passages(articles, held),
        articles=articles,
        lexical=LexicalIndex.load(folder / "lexical", held["lexical_rows"]),
        tokens=Ragged(held["tokens"], held["token_offsets"]),
        vocabulary=Vocabulary(held),
        keys=held["keys"],
        tokenizer=manifest["tokenizer"],
        columns=held,
        **_common(folder, manifest, articles, lease),
    )


def _load_former(folder: Path, manifest: dict[str, Any], lease: Lease) -> Generation:
    """A generation of a former format: its columns are made now, in memory."""
    path = folder / "articles.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    read = [holdings.article_of(line) for line in lines]
    place = {article.id: at for at, article in enumerate(read)}
    records = [json.loads(line) for line in (folder / "passages.jsonl").read_bytes().splitlines()]
    counts = np.bincount([place[one["article"]] for one in records], minlength=len(read))
    held, names = holdings.article_columns(read, lines, columns.offsets(counts))
    held["passages"] = np.array(
        [
            (
                place[one["article"]],
                names.languages.index(one["language"]),
                holdings.number_of(one["id"], one["language"]),
                one["start"],
                one["end"],
            )
            for one in records
        ],
        holdings.CUT,
    )
    articles = Articles(_map(path), held, names)
    passages = Passages(articles, held)
    return Generation(
        passages=passages,
        articles=articles,
        lexical=LexicalIndex.load(folder / "lexical"),
        tokens=Ragged(
            columns.mapped(folder / "tokens.npy"), columns.mapped(folder / "token_offsets.npy")
        ),
        vocabulary=Vocabulary.of(count_words(passages)),
        keys=columns.mapped(folder / "keys.npy"),
        tokenizer="",
        columns={},
        **_common(folder, manifest, articles, lease),
    )


def _common(
    folder: Path, manifest: dict[str, Any], articles: Articles, lease: Lease
) -> dict[str, Any]:
    return {
        "id": manifest["id"],
        "folder": folder,
        "built_at": datetime.fromisoformat(manifest["built_at"]),
        "dense": DenseIndex.load(folder / "vectors.faiss"),
        "encoder_name": manifest["encoder"]["name"],
        "fingerprint": manifest["encoder"]["fingerprint"],
        "digest": manifest["corpus"],
        "format": manifest["format"],
        "stories": () if manifest["format"] == 1 else _stories(folder / "stories.json", articles),
        "lease": lease,
    }


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _stories(path: Path, articles: Articles) -> tuple[tuple[str, ...], ...]:
    stories = tuple(tuple(story) for story in json.loads(path.read_text(encoding="utf-8")))
    for name in (name for story in stories for name in story):
        if name not in articles:
            raise ValueError(f"{path.name} names {name!r}, which is no article")
    return stories


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GenerationError(f"{folder / MANIFEST}: {error}. {REBUILD}") from error
    if not isinstance(manifest, dict) or manifest.get("format") not in _READABLE:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise GenerationError(
            f"{folder.name} has format {found!r}, this program reads {FORMAT}. {REBUILD}"
        )
    return manifest
