"""No page is heavy, and its first words are soon there; `-s` prints the figures."""

from pathlib import Path

from playwright.sync_api import Page

MOST_BYTES = 300_000
FIRST_PAINT_MS = 3000  # 100 to 300 on a machine that does nothing else
PAINTED = """
() => new Promise((done) => {
  const find = () => performance.getEntriesByName("first-contentful-paint")[0];
  if (find()) done(find().startTime);
  else new PerformanceObserver(() => done(find().startTime)).observe({ type: "paint" });
})
"""
WATCHED = ("", "learn/01_background_tasks/", "survival/", "choose/", "claims/", "symptoms/")


def test_no_page_has_more_than_300_kb_of_its_own(site: Path) -> None:
    weights = {page: page.stat().st_size for page in site.rglob("index.html")}
    for page, weight in sorted(weights.items(), key=lambda each: -each[1])[:5]:
        print(f"{weight // 1000:4} KB {page.relative_to(site)}")

    assert not {page: weight for page, weight in weights.items() if weight > MOST_BYTES}


def test_first_words_are_soon_there(page: Page, address: str) -> None:
    painted = {}
    for name in WATCHED:
        page.goto(f"{address}{name}")
        painted[name] = float(page.evaluate(PAINTED))
    print(painted)

    assert not {name: ms for name, ms in painted.items() if ms > FIRST_PAINT_MS}
