"""What a document says: the text of a report and what it tells about itself, without the page around it."""

from __future__ import annotations

import codecs
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from corpus.article import CorpusError, read_article
from corpus.clean import clean, clean_line, is_furniture
from corpus.day import day_of
from corpus.feed import kind
from corpus.pdf import PdfError, read_pdf
from corpus.words import text_language

FEWEST_WORDS = 40
"""Words from which a text is a report, and not the leavings of a page."""
_LARGEST_PAGE = 5_000_000
SUFFIXES = frozenset((".html", ".htm", ".pdf", ".md", ".txt"))
"""Of the files that can be read."""
_ARTICLE_TYPES = ("Article", "WebPage", "BlogPosting", "Report")
_SITE_SUFFIX = re.compile(r"\s+[|\-–—»:]\s+[^|\-–—»]{2,40}$")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|&#(?:x0*(?:[0-8bce-f]|1[0-9a-f]|7f)|0*(?:[0-8]|1[124-9]|2\d|3[01]|127));",
    re.IGNORECASE,
)
_META_DATES = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "content_publisheddate",
    "dc.date",
    "dc.date.issued",
    "parsely-pub-date",
)


class ExtractError(Exception):
    """A document that gives no report; the message says why and what to do.

    `code`: "no_text", "too_short", "broken", "encrypted", "type", "too_large" or "too_slow".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Draft:
    """What a document says of itself; None where it does not.

    `text` is clean: paragraphs with an empty line between them. `url`: the canonical address.
    `language`: ISO 639-1; the text's own where it is Indonesian or English, else the one stated.
    `topics`: of front matter only; a page's keywords are not ours. `verbatim`: the text is the page's own.
    """

    title: str
    text: str
    url: str | None = None
    publisher: str | None = None
    published: date | None = None
    language: str | None = None
    topics: tuple[str, ...] = ()
    verbatim: bool = True


def extract(
    content: bytes, media_type: str = "", charset: str | None = None, url: str | None = None
) -> Draft:
    """The report in `content`, a page, PDF or plain text that was found at `url`.

    Raises ExtractError, and nothing else, where there is none.
    """
    if not content.strip():
        raise ExtractError("no_text", "It is empty")
    what = kind(content, media_type, url or "")
    if what == "pdf":
        return _checked(_of_pdf(content))
    if what == "page":
        return _checked(_of_page(content, charset, url))
    if what == "text":
        return _checked(_of_text(decode(content, charset)))
    raise ExtractError("type", f"Neither a page nor a PDF nor a text, but {media_type or what}")


def extract_file(path: Path) -> Draft:
    """The report in a file .html, .htm, .pdf, .md or .txt; Markdown may begin with our front matter.

    ExtractError where there is none; OSError where the file cannot be read.
    """
    suffix = path.suffix.lower()
    types = {".html": "text/html", ".htm": "text/html", ".pdf": "application/pdf"}
    if suffix in types:
        return extract(path.read_bytes(), types[suffix])
    if suffix not in SUFFIXES:
        raise ExtractError("type", f"{path.name}: use .html, .pdf, .md or .txt")
    content = path.read_bytes()
    if suffix == ".md" and content.lstrip(codecs.BOM_UTF8).startswith(b"---"):
        try:
            article = read_article(path)
        except CorpusError as error:
            raise ExtractError("broken", str(error)) from None
        source = article.source
        return Draft(
            title=source.title,
            text=article.text,
            url=source.url,
            publisher=source.publisher,
            published=source.published,
            language=article.language,
            topics=article.topics,
            verbatim=article.verbatim,
        )
    return _checked(_of_text(decode(content, None)))


def decode(content: bytes, charset: str | None) -> str:
    """`content` as text. A byte order mark tells; what is valid UTF-8 is UTF-8, whatever was declared;
    then the declared `charset`; then Windows-1252, as browsers do."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(name, "replace")
    for name in ("utf-8", _declared(content, charset)):
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")


def _checked(draft: Draft) -> Draft:
    words = len(draft.text.split())
    if not words:
        raise ExtractError("no_text", "There is no text in it")
    if words < FEWEST_WORDS:
        raise ExtractError(
            "too_short", f"Its text has only {words} words; a report has {FEWEST_WORDS} or more"
        )
    if not draft.title:
        raise ExtractError("no_text", "It has no title. Give one with --title")
    told = text_language(draft.text)
    # A page that calls itself English, as many systems do by default, may be in any language.
    stated = None if draft.language in ("id", "en") else draft.language
    return replace(draft, language=told or stated)


def _declared(content: bytes, charset: str | None) -> str:
    match = re.search(rb"<meta[^>]{0,200}?charset=[\"']?([\w-]+)", content[:4000], re.I)
    name = charset or (match[1].decode("ascii") if match else "cp1252")
    # What calls itself Latin-1 is Windows-1252, says the standard of the web.
    return "cp1252" if name.lower() in ("iso-8859-1", "latin-1", "latin1", "ascii") else name


def _of_pdf(content: bytes) -> Draft:
    try:
        document = read_pdf(content)
    except PdfError as error:
        raise ExtractError(error.code, str(error)) from None
    paragraphs = [clean_line(paragraph, 100_000) for paragraph in document.paragraphs]
    title = clean_line(document.title or paragraphs[0])
    # A PDF's metadata say when the file was made, which need not be when it was published.
    return Draft(title=title, text="\n\n".join(paragraph for paragraph in paragraphs if paragraph))


def _of_text(text: str) -> Draft:
    first, _, rest = clean(text).partition("\n")
    heading = first.startswith("#") or (rest.startswith("\n") and len(first.split()) <= 25)
    if not heading:
        return Draft(title="", text=clean(text), verbatim=True)
    return Draft(title=clean_line(first.lstrip("# ")), text=rest.strip())


def _of_page(content: bytes, charset: str | None, url: str | None) -> Draft:
    if len(content) > _LARGEST_PAGE:
        raise ExtractError("too_large", f"The page has more than {_LARGEST_PAGE:,} bytes")
    # One control character, even written as an entity, and trafilatura finds no text at all.
    text = _CONTROL.sub("", decode(content, charset))
    try:
        tree = document_fromstring(text.encode("utf-8", "replace"), parser=_parser())
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise ExtractError("broken", f"The page cannot be read ({error})") from None
    about = _about(tree)
    title = _title(tree, about)
    return Draft(
        title=title,
        text=_text(tree, title),
        url=_canonical(tree, url),
        publisher=_publisher(tree, about),
        published=_published(tree, about, url),
        language=_stated_language(tree, about),
    )


def _parser() -> HTMLParser:
    return HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)


def _text(tree: Any, title: str) -> str:
    from trafilatura import extract as extract_text

    try:
        found = extract_text(
            tree, include_comments=False, include_tables=True, favor_precision=True
        )
    except (
        etree.LxmlError,
        ValueError,
        RecursionError,
        AttributeError,
        TypeError,
        KeyError,
    ) as error:
        raise ExtractError("broken", f"The page cannot be read ({type(error).__name__})") from None
    lines = [clean_line(line, 100_000) for line in (found or "").split("\n")]
    paragraphs = [line for line in lines if line and not is_furniture(line)]
    if paragraphs and paragraphs[0].casefold() == title.casefold():
        del paragraphs[0]
    return "\n\n".join(dict.fromkeys(paragraphs))


def _about(tree: Any) -> list[dict[str, Any]]:
    """What the page's JSON-LD says, the records of articles first."""
    found: list[dict[str, Any]] = []
    for script in tree.xpath("//script[@type='application/ld+json']")[:20]:
        try:
            said = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        found += _records(said, 0)
    return sorted(found, key=lambda record: not _is_article(record))


def _records(said: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > 4:
        return
    if isinstance(said, list):
        for item in said[:50]:
            yield from _records(item, depth + 1)
    elif isinstance(said, dict):
        yield said
        yield from _records(said.get("@graph", []), depth + 1)


def _is_article(record: dict[str, Any]) -> bool:
    types = record.get("@type")
    names = types if isinstance(types, list) else [types]
    return any(str(name).endswith(_ARTICLE_TYPES) for name in names)


def _meta(tree: Any, *names: str) -> Iterator[str]:
    """The contents of the page's meta elements with one of `names`, in the order of `names`."""
    given: dict[str, str] = {}
    for element in tree.xpath("//meta[@content]"):
        for attribute in ("property", "name", "itemprop"):
            given.setdefault((element.get(attribute) or "").lower(), element.get("content"))
    return (given[name] for name in names if given.get(name, "").strip())


def _title(tree: Any, about: list[dict[str, Any]]) -> str:
    headings = tree.xpath("//h1")
    page = tree.findtext(".//title") or ""
    candidates = [
        *(record["headline"] for record in about if isinstance(record.get("headline"), str)),
        *_meta(tree, "og:title", "twitter:title"),
        *([headings[0].text_content()] if len(headings) == 1 else []),
        _SITE_SUFFIX.sub("", clean_line(page)),
    ]
    # Some sites put markup and entities into what should be plain text.
    plain = (clean_line(re.sub(r"<[^>]*>", " ", html.unescape(text))) for text in candidates)
    return next((text for text in plain if text), "")


def _publisher(tree: Any, about: list[dict[str, Any]]) -> str | None:
    candidates = []
    for record in about:
        if _is_article(record):
            said = record.get("publisher")
            one = said[0] if isinstance(said, list) and said else said
            name = one.get("name") if isinstance(one, dict) else one
            if isinstance(name, str) and not name.startswith("http"):
                candidates.append(name)
    candidates += _meta(tree, "og:site_name", "publisher", "dc.publisher")
    plain = (clean_line(html.unescape(name), 80) for name in candidates)
    return next((name for name in plain if name), None)


def _published(tree: Any, about: list[dict[str, Any]], url: str | None) -> date | None:
    stated = [record.get("datePublished") for record in about if _is_article(record)]
    times = tree.xpath("//time[@pubdate or @itemprop='datePublished']/@datetime")
    for value in (*stated, *_meta(tree, *_META_DATES), *times):
        if day := day_of(value):
            return day
    from htmldate import find_date

    for script in tree.xpath("//script"):  # read above; here any date in them would be taken
        script.drop_tree()
    try:
        # Not the extensive search: it takes any date in the text for the page's.
        found = find_date(tree, extensive_search=False, original_date=True, url=url)
    except (etree.LxmlError, ValueError, RecursionError, AttributeError, TypeError):
        return None
    return day_of(found)


def _stated_language(tree: Any, about: list[dict[str, Any]]) -> str | None:
    candidates = [
        *(record.get("inLanguage") for record in about if _is_article(record)),
        tree.get("lang"),
        *_meta(tree, "og:locale", "content-language", "language"),
    ]
    for value in candidates:
        code = value.get("alternateName") if isinstance(value, dict) else value
        if isinstance(code, str) and re.match(r"[A-Za-z]{2}(?:[-_]|$)", code):
            # "in" is what Indonesian was called before 1989.
            return {"in": "id"}.get(code[:2].lower(), code[:2].lower())
    return None


def _canonical(tree: Any, url: str | None) -> str | None:
    """The address that the page gives as its own, where it is of the same site: a page must not be able
    to pass itself off as another site's. Without `url` (a file) it is believed."""
    links = tree.xpath("//link[translate(@rel, 'CANOIL', 'canoil')='canonical']/@href")
    for link in (*links, *_meta(tree, "og:url")):
        try:
            address: str = urljoin(url or "", link.strip())
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname and len(address) < 2000:
            home = parts.path in ("", "/") and not parts.query
            if url is None or (not home and site_of(address) == site_of(url)):
                return address
    return url


def site_of(url: str) -> str:
    """The registered domain of `url` ("kompas.com" of "https://m.kompas.com/x"); its host and port where
    there is none, such as of an IP address."""
    from courlan import extract_domain

    parts = urlsplit(url)
    domain: str | None = extract_domain(url)
    return domain or parts.netloc.lower()
