"""The English base model: from its package, or from the hub."""

import importlib.util
from pathlib import Path
from typing import cast

from sentence_transformers import SentenceTransformer
from transformers import BertModel

from index.training.recipe import Base


def load_base(base: Base) -> SentenceTransformer:
    """all-MiniLM-L6-v2 on the CPU; a package carries it where no hub can be reached."""
    name = base.hub
    spec = importlib.util.find_spec(base.package)
    if spec is not None and spec.origin is not None:
        name = str(Path(spec.origin).parent / "model")
    model = SentenceTransformer(name, device="cpu")
    model.max_seq_length = base.max_tokens
    return model


def body_of(model: SentenceTransformer) -> BertModel:
    """The BERT body inside a SentenceTransformer."""
    return cast(BertModel, model[0].auto_model)
