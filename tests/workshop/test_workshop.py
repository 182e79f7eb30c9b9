"""The workshop is complete, and its runner does what its keys and commands say."""

import os
import re
import shutil
import socket
import subprocess
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from lab.approaches import ROOT
from site_making.blocks import insert
from tests.support.programs import Program, run_program, start_program
from tests.support.waiting import wait_until
from workshop.course import FOLDER, HINTS, TRACKS, Exercise, load_course, pick_track
from workshop.kit import HAND_PORT
from workshop.progress import Progress
from workshop.screen import WIDTH, draw, to_text
from workshop.screens import SCREENS, make_screens
from workshop.session import Session, View
from workshop.verdict import Verdict

from .answers import PASSED as RIGHT
from .answers import load_answers

COURSE = load_course()
SECTIONS = ["What to change", "See it yourself"]
PASSED = Verdict(True, 1)
by_exercise = pytest.mark.parametrize("exercise", COURSE, ids=lambda each: each.folder.name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the workshop's files for a learner to work on."""
    copy = tmp_path / "workshop"
    shutil.copytree(
        FOLDER, copy, ignore=shutil.ignore_patterns("kept", "app.py", "progress.txt", "__py*")
    )
    return copy


@pytest.fixture
def session(folder: Path) -> Session:
    return Session(load_course(folder), Progress.load(folder))


def run(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command `workshop` on a learner's copy."""
    return run_program(["workshop", *words], make_env(folder), typed=typed)


def make_env(folder: Path) -> dict[str, str]:
    return {"WORKSHOP_FOLDER": str(folder), "NO_COLOR": "1"}


def find_anchors(page: Path) -> set[str]:
    """Return the places of a page of the site that a link can name."""
    text = insert(page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+?)(?: \{.*\})?$", text, flags=re.MULTILINE)
    words = [re.findall(r"\w+", re.sub(r"[^\w\s-]", "", each.lower())) for each in headings]
    named = re.findall(r'\bid="([^"]+)"|^#+ .*\{ ?#([\w-]+)', text, flags=re.MULTILINE)
    return {"-".join(each) for each in words} | {one or other for one, other in named}


def press(session: Session, keys: str) -> None:
    for key in keys:
        session.press(key)


def test_exercises_are_numbered_and_each_track_has_some() -> None:
    assert [each.number for each in COURSE] == list(range(1, 28))
    assert len(pick_track("fast", COURSE)) == 5
    assert all(wanted <= {each.id for each in COURSE} for wanted in TRACKS.values())


@by_exercise
def test_app_is_read_in_a_minute_because_it_takes_only_the_journal_from_here(
    exercise: Exercise,
) -> None:
    for path in (exercise.starter, exercise.solution):
        source = path.read_text(encoding="utf-8")
        ours = re.findall(r"^(?:from|import) ((?:workshop|lab)\S*)", source, flags=re.MULTILINE)
        own = f"workshop.{exercise.folder.name}.shop"
        assert set(ours) <= {"workshop.journal", "workshop.vendor", own}


@by_exercise
def test_story_has_its_headings_and_fits_a_screen(exercise: Exercise) -> None:
    assert exercise.readme.startswith(f"# E{exercise.number}: ")
    assert re.findall(r"^## (.+)$", exercise.readme, flags=re.MULTILINE) == SECTIONS
    assert len(exercise.readme.splitlines()) <= 30


@by_exercise
def test_there_are_three_hints_and_a_why(exercise: Exercise) -> None:
    assert len(exercise.hints) == HINTS
    assert all(exercise.hints)
    assert exercise.why.startswith("# Why\n")


@by_exercise
def test_why_leads_to_a_place_on_the_site_and_to_a_measurement(exercise: Exercise) -> None:
    for word in ("On the site: ", "Measured: "):
        line = next(line for line in exercise.why.splitlines() if line.startswith(word))
        links = re.findall(r"\]\(([^)#]+)#([^)]+)\)", line)

        assert links, word
        for page, anchor in links:
            assert anchor in find_anchors(exercise.folder / page), (page, anchor)


@by_exercise
def test_why_ends_with_a_question_that_leads_into_the_numbered_folders(exercise: Exercise) -> None:
    line = next(line for line in exercise.why.splitlines() if line.startswith("Look into "))

    assert line.endswith("?")
    names = re.findall(r"`([^`]+)`", line)
    files = [ROOT / name for name in names if "/" in name]
    sources = "".join(path.read_text(encoding="utf-8") for path in files)
    assert files
    assert [name for name in names if "/" not in name and name not in sources] == []


@by_exercise
def test_app_is_short(exercise: Exercise) -> None:
    assert 15 <= len(exercise.starter.read_text(encoding="utf-8").splitlines()) <= 72
    assert len(exercise.solution.read_text(encoding="utf-8").splitlines()) <= 110


@by_exercise
def test_there_are_wrong_and_right_answers_and_each_says_why(exercise: Exercise) -> None:
    starter, answers = load_answers(exercise)

    anything = "expected …; seen: …"  # would also be said of an app that is broken elsewhere
    assert anything not in {starter, *(answer.sentence for answer in answers)}
    assert sum(answer.sentence != RIGHT for answer in answers) >= 6
    assert any(answer.sentence == RIGHT for answer in answers)
    for answer in answers:
        assert answer.why.endswith("."), answer.name
        compile(answer.source(exercise), answer.name, "exec")


def test_page_of_the_workshop_lists_every_exercise() -> None:
    page = (ROOT / "docs" / "workshop" / "README.md").read_text(encoding="utf-8")

    for each in COURSE:
        row = f"| E{each.number} | {each.title} | {each.rung} | `workshop/{each.folder.name}/` |"
        assert row in page, "the table of the page is stale"


def test_kept_screens_are_those_of_today() -> None:
    for name, text in make_screens().items():
        kept = (SCREENS / name).read_text(encoding="utf-8")

        assert re.sub(r"\d", "0", kept) == re.sub(r"\d", "0", text), "run `workshop screens`"


def test_every_screen_fits_80_columns(session: Session) -> None:
    for index in range(len(session.exercises)):
        session.go(index)
        for view in View:
            session.view = view
            session.hints_shown = HINTS

            lines = to_text(draw(session)).splitlines()
            assert max(map(len, lines)) <= WIDTH, (session.exercise.id, view)


def test_commands_of_each_story_can_be_copied_from_the_screen(session: Session) -> None:
    for index, exercise in enumerate(session.exercises):
        session.go(index)
        screen = StringIO()

        Console(file=screen, width=WIDTH).print(draw(session))

        shown = [line.removeprefix("   ") for line in screen.getvalue().split("\n")]
        commands = re.findall(r"```sh\n(.*?)```", exercise.readme, flags=re.DOTALL)
        assert commands
        for line in "".join(commands).splitlines():
            assert line in shown, f"{exercise.id}: cut, or with spaces behind it: {line}"


def test_addresses_stand_below_the_story(session: Session) -> None:
    shown = to_text(draw(session))

    assert "fastapi#3.\n" in shown
    assert shown.index("See it yourself") < shown.index("https://github.com/fastapi/fastapi/")


def test_next_leaves_a_passed_exercise_and_asks_before_it_leaves_another(session: Session) -> None:
    press(session, "n")
    assert session.exercise.id == "e01"
    assert "again" in session.message

    press(session, "n")
    assert session.exercise.id == "e02"

    session.take(PASSED)
    press(session, "n")
    assert session.exercise.id == "e03"


def test_hints_come_one_by_one_and_again_after_passing(session: Session) -> None:
    press(session, "h")
    assert "Hint 1" in to_text(draw(session))
    assert "Hint 2" not in to_text(draw(session))

    session.take(PASSED)
    press(session, "hhh")
    assert "Hint 3 of 3" in to_text(draw(session))


def test_solution_is_shown_after_passing_or_when_asked_twice(session: Session) -> None:
    views = []
    for _ in range(2):
        press(session, "s")
        views.append(session.view)
    session.go(1)
    session.take(PASSED)
    press(session, "s")

    assert [*views, session.view] == [View.TASK, View.SOLUTION, View.SOLUTION]


def test_another_key_withdraws_a_question(session: Session) -> None:
    press(session, "rtr")

    assert "again" in session.message
    assert not (session.exercise.folder / "kept").exists()


def test_save_withdraws_a_question(session: Session) -> None:
    press(session, "s")
    session.withdraw()
    press(session, "s")

    assert (session.view, session.asked) == (View.TASK, "s")


def test_number_of_the_exercise_and_progress_stand_in_the_last_lines(session: Session) -> None:
    for view in View:
        session.view = view

        status = to_text(draw(session)).splitlines()[-2]
        assert status == f"  E01  [{'-' * 30}] 0 of 27 passed   BackgroundTasks"


def test_list_opens_the_exercise_whose_number_is_typed(session: Session) -> None:
    press(session, "L12\r")  # with Caps Lock

    assert session.exercise.id == "e12"
    assert "> [ ] e12" in run(session.progress.path.parent, "list").stdout


def test_list_begins_with_the_page_of_the_current_exercise(session: Session) -> None:
    press(session, "l15\r")
    press(session, "l")
    pages = []
    for _ in range(3):
        pages.append(to_text(draw(session, height=24)))
        press(session, " ")

    assert "> [ ] e15" in pages[0]
    assert [re.findall(r"page (\d) of 3", page) for page in pages] == [["2"], ["3"], ["1"]]


def test_reset_brings_the_broken_app_back_and_keeps_a_copy(folder: Path) -> None:
    exercise = load_course(folder)[0]
    exercise.app.write_text("mine = 1\n")

    done = run(folder, "reset", "e01", typed="y\n")

    assert done.returncode == 0, done.stderr
    assert exercise.app.read_bytes() == exercise.starter.read_bytes()
    assert [copy.read_text() for copy in exercise.folder.glob("kept/*.py")] == ["mine = 1\n"]


def test_reset_without_a_yes_changes_nothing(folder: Path) -> None:
    exercise = load_course(folder)[0]
    exercise.app.write_text("mine = 1\n")

    done = run(folder, "reset", "e01", typed="n\n")

    assert done.returncode == 1
    assert exercise.app.read_text() == "mine = 1\n"


def test_solution_is_refused_before_passing_unless_given_up(folder: Path) -> None:
    refused = run(folder, "solution", "e01")
    shown = run(folder, "solution", "e01", "--give-up")

    assert refused.returncode == 2
    assert refused.stderr == "workshop: e01 is not passed yet; --give-up shows it all the same\n"
    assert "jobs.add_task" in shown.stdout


def test_catching_up_solves_all_before_and_opens_the_one_asked_for(folder: Path) -> None:
    done = run(folder, "solve", "--before", "e04")

    progress = Progress.load(folder)
    assert done.stdout == "solved: e01 e02 e03; next: e04\n", done.stderr
    assert (progress.passed, progress.current) == ({"e01", "e02", "e03"}, "e04")
    solved = load_course(folder)[2]
    assert solved.app.read_bytes() == solved.solution.read_bytes()


def test_check_ends_with_the_outcome_as_its_code_and_notes_progress(folder: Path) -> None:
    exercise = load_course(folder)[0]
    failed = run(folder, "check", "1")
    shutil.copy(exercise.solution, exercise.app)
    passed = run(folder, "check", "e01")

    assert failed.returncode == 1
    assert "NOT YET e01 Say 202 and mean it: expected the answer to POST" in failed.stdout
    assert passed.returncode == 0, passed.stdout
    assert Progress.load(folder).passed == {"e01"}


def test_check_all_names_each_that_fails(folder: Path) -> None:
    for exercise in load_course(folder)[2:]:
        shutil.rmtree(exercise.folder)
    first = load_course(folder)[0]
    shutil.copy(first.solution, first.app)

    done = run(folder, "check-all")

    assert done.returncode == 1
    assert "PASSED  e01" in done.stdout
    assert "NOT YET e02" in done.stdout


def test_unknown_exercise_is_named_with_the_known_ones(folder: Path) -> None:
    done = run(folder, "check", "e77")

    assert done.returncode == 2
    assert "no exercise 'e77': they are e01 to e27" in done.stderr


def test_doctor_finds_everything_that_the_exercises_need(folder: Path) -> None:
    done = run(folder, "doctor")

    assert done.returncode == 0, done.stdout
    assert "ok  Valkey" in done.stdout
    assert "ok  an app under check" in done.stdout


def test_runner_checks_when_the_app_is_saved_and_goes_on(folder: Path, tmp_path: Path) -> None:
    exercise = load_course(folder)[0]
    screen = tmp_path / "screen.txt"
    read_end, write_end = os.pipe()
    with screen.open("w") as out, open(read_end) as keys, open(write_end, "wb", 0) as typed:
        runner = start_program(["workshop"], make_env(folder), out, stdin=keys)
        wait_until("a first verdict", screen.read_text, lambda text: "NOT YET" in text, 60)

        shutil.copy(exercise.solution, exercise.app)
        wait_until("the app to pass", screen.read_text, lambda text: "PASSED in" in text, 60)
        typed.write(b"n")
        wait_until("the next one", screen.read_text, lambda text: "E02  The paren" in text, 60)
        typed.write(b"q")

        assert runner.wait(60) == 0
    assert screen.read_text().endswith("1 of 27 passed. `make workshop` goes on.\n")
    assert "\x1b" not in screen.read_text()


def test_low_terminal_shows_story_and_verdict_in_pages(session: Session) -> None:
    session.take(Verdict(False, 1, "an answer", "none"))
    whole = to_text(draw(session))

    pages = [to_text(draw(session, height=24))]
    count = re.search(r"page 1 of (\d)", pages[0])
    for _ in range(int(count[1]) - 1 if count else 0):
        press(session, " ")
        pages.append(to_text(draw(session, height=24)))

    assert all(len(page.splitlines()) < 24 for page in pages)
    assert all("E01  Say 202" in page and "seen     none" in page for page in pages)
    assert len(pages) > 1
    shown = [line for page in pages for line in page.splitlines()]
    assert all(line in shown for line in whole.splitlines())


def test_command_in_another_terminal_loses_no_progress(session: Session, folder: Path) -> None:
    done = run(folder, "solve", "--before", "e07")
    seen = session.look_again()
    session.take(PASSED)

    assert done.returncode == 0, done.stderr
    assert seen
    assert "6 of 27 passed" in to_text(draw(session))
    assert Progress.load(folder).passed == {f"e0{number}" for number in range(1, 7)}
    assert not session.look_again()  # its own writing is no news


def test_verdict_is_told_while_the_list_is_read(session: Session) -> None:
    press(session, "l")

    session.take(Verdict(False, 1, "an answer", "none"))

    assert session.view == View.LIST
    assert "E01 does not pass yet" in to_text(draw(session))


def test_typed_number_can_be_mended(session: Session) -> None:
    press(session, "l13\x7f2\r")

    assert session.exercise.id == "e12"


def test_reset_of_all_begins_with_the_first(folder: Path) -> None:
    run(folder, "solve", "--before", "e07")

    run(folder, "reset", "all", "--yes")

    assert Progress.load(folder).current == "e01"
    assert Progress.load(folder).passed == set()


def test_list_says_that_no_title_has_a_word(folder: Path) -> None:
    done = run(folder, "list", "zzz")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "workshop: no title with 'zzz'; `workshop list` shows them all\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("app = (\n", "SyntaxError: '(' was never closed (line 1 of app.py)"),
        ("import nothing_of_that_name\n", "No module named 'nothing_of_that_name'"),
        ("x = 1\n", 'Attribute "app" not found'),
    ],
)
def test_serve_says_in_a_sentence_why_the_app_does_not_start(
    folder: Path, source: str, said: str
) -> None:
    load_course(folder)[0].app.write_text(source)

    done = run(folder, "serve", "e01")

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_serve_names_another_port_and_starts_again_on_save(folder: Path) -> None:
    exercise = load_course(folder)[0]
    env = make_env(folder) | {"http_proxy": "http://127.0.0.1:9"}
    with socket.socket() as taken:
        with suppress(OSError):  # another program has it: just as well
            taken.bind(("127.0.0.1", HAND_PORT))
        with Program.start("workshop", "serve", "e01", env=env) as server:
            server.read_until("export no_proxy=127.0.0.1")
            server.read_until(f"PORT {HAND_PORT} IS TAKEN")
            exercise.app.write_text("app = (\n")
            server.read_until("never closed")
            shutil.copy(exercise.solution, exercise.app)
            server.read_until("starting it again")


def test_leader_sees_how_far_everybody_is(folder: Path, tmp_path: Path) -> None:
    collected = tmp_path / "collected"
    collected.mkdir()
    (collected / "ann.txt").write_text("passed e01\npassed e17\ncurrent e02\n")
    (collected / "bob.txt").write_text("")

    shown = run(folder, "group", str(collected))
    empty = run(folder, "group", str(tmp_path / "nothing"))

    _, ann, bob = shown.stdout.rstrip().splitlines()
    assert ann.split() == ["ann", "#.....", "...", "....", "...#.", ".", "........", "2"]
    assert bob.split()[-1] == "0"
    assert empty.returncode == 2
