"""kill -9 at random moments under load: what was accepted is done, and done once.

KILLS=50 makes it long; `make survival ARGS=--long` does the same with 200 kills and longer outages.
"""

import os
import random
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from lab.approaches import ROOT
from lab.load.watch import Watch
from lab.survival.cell import Cell
from lab.survival.kills.at_random import COLUMNS, ON_RABBITMQ, Kills, find_kill_columns
from lab.survival.kills.at_random import kill_at_random as kill
from lab.survival.try_fault import open_column

KILLS = int(os.environ.get("KILLS", "3"))
LONGEST_OUTAGE_S = 3.0 if KILLS < 50 else 60.0
SLOW = [pytest.param(ON_RABBITMQ, marks=pytest.mark.slow)]  # RabbitMQ takes its time to start
DONE = Cell("random_kills", "03_celery", accepted=5, finished=5)


@pytest.mark.timeout(240 + 30 * KILLS)
@pytest.mark.parametrize("name", [*(name for name in COLUMNS if name != ON_RABBITMQ), *SLOW])
def test_nothing_accepted_is_lost_and_no_effect_happens_twice(name: str, tmp_path: Path) -> None:
    seed = random.randrange(1_000_000)
    random.seed(seed)
    [column] = find_kill_columns([name], ROOT)

    with Watch(Console(file=StringIO())) as watch, open_column(tmp_path, column) as running:
        watch.begin(name, KILLS)
        seen = kill(running, KILLS, watch, longest_outage_s=LONGEST_OUTAGE_S)

    print(f"seed {seed}; {seen}; outages {seen.outages_s}")
    assert seen.find_faults() == []
    assert sum(seen.hit.values()) == KILLS


@pytest.mark.parametrize(
    "seen",
    [
        Kills(Cell("random_kills", "03_celery", accepted=5, finished=4, lost=1), 3, 0, 0),
        Kills(Cell("random_kills", "03_celery", accepted=5, finished=4, failed=1), 3, 0, 0),
        Kills(Cell("random_kills", "03_celery"), 3, 0, 0),  # nothing was tried
        Kills(DONE, 3, 0, outside_window=1),
        Kills(DONE, 3, 0, 0, uploads_left=1),
        Kills(DONE, 3, 0, 0, wrong=["a: the PDF does not say the total 1.00"]),
    ],
)
def test_anything_lost_wrong_or_left_is_a_fault(seen: Kills) -> None:
    assert str(seen) in seen.find_faults()
    assert Kills(DONE, 3, 0, 0).find_faults() == []
