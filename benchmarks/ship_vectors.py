"""Write index/model/passages.npz: the vectors of the shipped corpus, so that no one waits for them."""

from __future__ import annotations

import numpy as np

from corpus.article import SHIPPED, read_articles
from corpus.passage import split
from index.build import passage_keys
from index.encoder import OnnxEncoder
from index.store import SHIPPED_VECTORS


def main() -> None:
    """Encode every passage of the shipped corpus with the bundled encoder."""
    texts = [p.embedded_text for article in read_articles(SHIPPED) for p in split(article)]
    encoder = OnnxEncoder()
    np.savez_compressed(
        SHIPPED_VECTORS,
        fingerprint=np.array(encoder.fingerprint),
        keys=passage_keys(texts),
        vectors=encoder.encode_passages(texts).astype(np.float16),
    )
    size = SHIPPED_VECTORS.stat().st_size
    print(f"{len(texts)} vectors of {encoder.name}, {size / 1e6:.2f} MB: {SHIPPED_VECTORS}")


if __name__ == "__main__":
    main()
