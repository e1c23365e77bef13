"""What we know: articles, the passages they are cut into, and annotated questions. No models here."""

from corpus.article import LANGUAGES, Article, CorpusError, Source, Translation, read_articles
from corpus.passage import Passage, split

__all__ = [
    "LANGUAGES",
    "Article",
    "CorpusError",
    "Passage",
    "Source",
    "Translation",
    "read_articles",
    "split",
]
