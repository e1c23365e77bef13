"""README under test: what it names must exist, and what exists must be named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tanya
from index.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`TANYA_{name.upper()}`" in README


def test_every_setting_of_the_readme_exists() -> None:
    named = set(re.findall(r"TANYA_([A-Z_]+)", README)) - {""}
    assert named <= {name.upper() for name in Settings.model_fields}


def test_every_command_is_in_the_readme() -> None:
    for command in tanya.app.registered_commands:
        assert command.callback is not None
        assert f"tanya {command.callback.__name__}" in README


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"^make ([a-z-]+)", README, re.M))
    named |= set(re.findall(r"`make ([a-z-]+)", README))
    assert {"run", "test"} <= named <= targets


def test_the_tour_names_files_that_exist() -> None:
    paths = re.findall(r"^\| `([a-z_./]+)`", README, re.M)
    assert len(paths) > 10
    for path in paths:
        assert (ROOT / path).exists(), path
