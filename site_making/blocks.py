"""The blocks that are made for README and site, by name.

A page of the site asks for one with `<!-- insert: name -->` and gets it while the site is built.
The READMEs are read without a build: there a block stands between `<!-- name: start -->` and
`<!-- name: end -->`, and a test fails when it is not what `make tables` would write.
"""

import re
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from textwrap import indent

from bench.table import BENCH
from lab.approaches import ROOT
from lab.errors import LabError
from lab.survival.faults import FAULTS
from lab.survival.files import JSON as SURVIVAL
from lab.survival.files import KILLS_JSON

from . import tables
from .claims import load_claims, make_claims, make_saw
from .drawn.diagrams import load_diagrams, make_diagram, tell_diagram
from .drawn.pictures import load_pictures, make_picture, make_small_picture, tell_picture
from .first_step import make_first_program, make_first_step
from .footprint import make_footprint
from .guide import make_guide
from .held_by import make_held_by
from .recorded import find_recordings, make_recorded
from .settings_table import make_settings
from .symptoms import make_questions, make_symptoms

PUBLISHED = (tables.COMPARE, BENCH, "bench.svg", SURVIVAL, "survival.svg", KILLS_JSON)
Make = Callable[[Path], str]
NUMBERS = ("01", "02", "03", "04")
PICTURES, DIAGRAMS = load_pictures(ROOT), load_diagrams(ROOT)
BLOCKS: dict[str, Make] = {
    **{f"picture-{name}": partial(make_picture, name=name) for name in PICTURES},
    **{f"small-{name}": partial(make_small_picture, name=name) for name in PICTURES},
    **{f"diagram-{name}": partial(make_diagram, name=name) for name in DIAGRAMS},
    "approaches": tables.make_approaches,
    "promises": tables.make_promises,
    "printed": tables.make_printed_table,
    "compare": tables.make_compare_page,
    "bench": tables.make_bench_page,
    "claims": make_claims,
    **{f"saw-{claim.lower()}": partial(make_saw, claim=claim) for claim in load_claims()},
    "survival": tables.make_survival,
    "survival-rows": tables.make_survival_rows,
    "survival-kills": tables.make_survival_kills,
    "compare-charts": tables.make_compare_charts,
    "code-lines": tables.make_code_lines,
    **{f"survival-{fault}": partial(tables.make_survival_row, fault=fault) for fault in FAULTS},
    "footprint": make_footprint,
    "guide": make_guide,
    "held-by": make_held_by,
    "settings": make_settings,
    "symptoms": make_symptoms,
    "questions": make_questions,
    **{
        f"recorded-{name.replace('_', '-')}": partial(make_recorded, preset=name)
        for name in find_recordings()
    },
    "first-program": make_first_program,
    **{f"first-step-{number}": partial(make_first_step, number=number) for number in NUMBERS},
}
WORDS: dict[str, Make] = {  # in their place where a page is read as text
    **{f"picture-{name}": partial(tell_picture, name=name) for name in PICTURES},
    "survival": tables.tell_survival,
    **{f"survival-{fault}": partial(tables.tell_survival_row, fault=fault) for fault in FAULTS},
    **{f"small-{name}": lambda root: "" for name in PICTURES},
    **{f"diagram-{name}": partial(tell_diagram, name=name) for name in DIAGRAMS},
}
INSERT = re.compile(r"^(?P<indent> *)<!-- insert: (?P<name>[a-z0-9_-]+) -->$", re.MULTILINE)
BLOCK = re.compile(
    r"(<!-- (?P<name>[a-z0-9-]+): start -->\n).*?(<!-- (?P=name): end -->)", re.DOTALL
)


def insert(markdown: str, root: Path = ROOT) -> str:
    """Put blocks into a page of the site where it asks for them."""
    return _insert(BLOCKS, markdown, root)


def insert_words(markdown: str, root: Path = ROOT) -> str:
    """Put blocks into a page that is read as text, with words in the place of drawings."""
    return _insert(BLOCKS | WORDS, markdown, root)


def _insert(blocks: Mapping[str, Make], markdown: str, root: Path) -> str:
    return INSERT.sub(lambda asked: indent(blocks[asked["name"]](root), asked["indent"]), markdown)


def refresh(text: str, root: Path = ROOT) -> str:
    """Return the text of a README with every block made anew."""
    return BLOCK.sub(lambda block: block[1] + BLOCKS[block["name"]](root) + block[3], text)


def readmes(root: Path = ROOT) -> list[Path]:
    """Return the files that hold blocks."""
    return [root / "README.md", *sorted(root.glob("0[0-9]_*/README.md"))]


def write_tables(publish: Path | None, root: Path) -> None:
    """Write the blocks of the READMEs anew; take over the figures of a run first."""
    if publish:
        take_over(publish, root / tables.RESULTS)
    for page in readmes(root):
        old = page.read_text(encoding="utf-8")
        if (new := refresh(old, root)) != old:
            page.write_text(new, encoding="utf-8")
            print(f"wrote {page.relative_to(root)}")


def take_over(run: Path, results: Path) -> None:
    """Copy the figures of a run to where the tables are made from."""
    found = [run / name for name in PUBLISHED if (run / name).is_file()]
    if not found:
        raise LabError(f"no figures in {str(run)!r}: run `make compare`, `bench` or `survival`")
    for path in found:
        shutil.copy(path, results / path.name)
