"""Bodies of HTTP without their compression, and never more of them than allowed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from corpus.connect import WebError

_PIECE = 65_536


def unpack(
    chunks: Iterable[bytes], encoding: str, url: str, most: int, whole: bool
) -> Iterator[bytes]:
    """The bytes of `chunks` without `encoding`, a piece at a time.

    Of more than `most` bytes the first are given, or with `whole` WebError is raised; likewise where more
    than that come over the wire, whatever they unpack to.
    """
    if encoding == "identity":
        pieces: Iterable[bytes] = chunks
    elif encoding in ("gzip", "x-gzip", "deflate"):
        pieces = _inflated(chunks, encoding, url, most)
    else:
        raise WebError("encoding", f"{url} is encoded as {encoding!r}, which was not asked for")
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            if whole:
                raise _too_large(url, most)
            yield piece[: len(piece) - (size - most)]
            return
        yield piece


def _inflated(chunks: Iterable[bytes], encoding: str, url: str, most: int) -> Iterator[bytes]:
    # 32: told by the header, whether gzip or zlib.
    decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    came = 0
    for chunk in chunks:
        if came == 0 and encoding == "deflate" and not _is_zlib(chunk):
            decoder = zlib.decompressobj(wbits=-zlib.MAX_WBITS)  # as some servers understand it
        came += len(chunk)
        # Empty blocks unpack to nothing, however many there are.
        if came > most:
            raise _too_large(url, most)
        rest = chunk
        while rest:
            try:
                yield decoder.decompress(rest, _PIECE)
            except zlib.error as error:
                raise WebError("encoding", f"{url} is not {encoding} ({error})") from None
            if decoder.eof:
                # What follows would be kept by the decoder without end.
                return
            rest = decoder.unconsumed_tail
    if not decoder.eof and came:
        raise WebError("encoding", f"{url} ends in the middle of its {encoding}")


def _is_zlib(start: bytes) -> bool:
    return len(start) >= 2 and start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0


def _too_large(url: str, most: int) -> WebError:
    return WebError("too_large", f"{url} is larger than {most:,} bytes")
