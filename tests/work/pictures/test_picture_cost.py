"""A picture that aims at time and memory is refused before it is decoded, or held to a limit."""

import time
from io import BytesIO
from pathlib import Path

import pytest

from scenarios.errors import BadUpload
from scenarios.uploads import check_image
from tests.support.programs import run_program

from .dear_pictures import HELD, MIB, REFUSED

MAX_GROWTH_MIB = 400
MAX_CPU_S = 10


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_cost_too_much_is_refused_before_it_is_decoded(name: str) -> None:
    make, reason = REFUSED[name]
    content = make()
    assert len(content) <= 10 * MIB

    begin_s = time.process_time()
    with pytest.raises(BadUpload, match=reason):
        check_image(BytesIO(content))

    assert time.process_time() - begin_s < 1


@pytest.mark.long
@pytest.mark.parametrize("name", HELD)
def test_what_is_accepted_takes_bounded_time_and_memory(name: str, tmp_path: Path) -> None:
    make, width, operations, expected = HELD[name]
    path = tmp_path / "picture"
    path.write_bytes(make())
    assert path.stat().st_size <= 10 * MIB

    words = ["tests.work.pictures.one_picture", str(path), str(width), *operations]
    done = run_program(words)

    growth_mib, cpu_s, outcome = done.stdout.strip().split(" ", 2)
    assert outcome == expected
    assert int(growth_mib) <= MAX_GROWTH_MIB
    assert float(cpu_s) <= MAX_CPU_S
