"""Who imports whom, and what a command must not wait for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "corpus": {"corpus"},
    "index": {"corpus", "index"},
    "bot": {"corpus", "index", "bot"},
    "api": {"corpus", "index", "api"},
}
ENGINES = {"faiss": {"index/dense.py"}, "tantivy": {"index/lexical.py"}}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_data_flows_one_way(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        ours = imports(path) & (set(ALLOWED) | {"tanya"})
        assert ours <= ALLOWED[package], f"{path.relative_to(ROOT)} imports {ours}"


@pytest.mark.parametrize("engine", ENGINES)
def test_one_file_knows_each_engine(engine: str) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for package in ALLOWED
        for path in (ROOT / package).rglob("*.py")
        if engine in imports(path) and "training" not in path.parts
    }
    assert files == ENGINES[engine]


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import tanya", {"torch", "faiss", "onnxruntime", "fastapi", "telegram", "numpy"}),
        ("import bot, api", {"torch", "sentence_transformers"}),
        (
            "from index.encoder import load_encoder; load_encoder().encode_question('apa')",
            {"torch", "sentence_transformers"},
        ),
    ],
)
def test_heavy_imports_wait_until_needed(code: str, forbidden: set[str]) -> None:
    program = f"import sys; {code}; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not forbidden & set(done.stdout.split())


def test_no_pickle_and_no_long_files() -> None:
    for package in ALLOWED:
        for path in (ROOT / package).rglob("*.py"):
            assert "pickle" not in imports(path), path
            assert len(path.read_text("utf-8").splitlines()) <= 400, path
