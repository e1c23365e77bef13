"""axe-core over a page: what hinders readers, by the rules of WCAG 2.2 AA and of good practice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

_RUN = """async () => {
  const rules = { "target-size": { enabled: true } };  // new in WCAG 2.2, off by default
  const found = await axe.run({ rules, resultTypes: ["violations"] });
  const told = (rule) => rule.nodes.map(
    (node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`);
  return { violations: found.violations.flatMap(told), passes: found.passes.length };
}"""


def violations(page: Page | Frame) -> list[str]:
    """What axe-core finds wrong; each as rule, element and what to do. Not where JavaScript is off."""
    base = pytest.importorskip("axe_playwright_python.base")
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(base.AXE_SCRIPT)
    found = page.evaluate(_RUN)
    assert found["passes"] > 5, "axe-core has looked at nothing"
    listed: list[str] = found["violations"]
    return listed
