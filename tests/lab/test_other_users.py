"""What the lab opens, writes and starts belongs to its user: others of the machine stay outside."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import redis

from lab.errors import LabError
from lab.processes import ports
from lab.processes.folder import make_folder, open_private
from lab.processes.stack import Stack
from tests.support.stand_ins import write_stand_ins
from tests.support.waiting import wait_until

STRANGER = 12_345  # a user id that is not ours


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand for the machine's temporary folder, where everybody may write."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ports, "LOCKS", tmp_path)
    return tmp_path


@pytest.fixture
def locks(temporary: Path) -> Path:
    """Name the folder that somebody else may have made before us."""
    return temporary / f"background-tasks-lab-{os.getuid()}"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    root = write_stand_ins(tmp_path_factory.mktemp("root"))
    with Stack(tmp_path_factory.mktemp("lab") / "data", root=root) as stack:
        stack.start_mailbox()
        stack.start("03", without=["worker"])
        yield stack


def test_link_in_the_lock_folder_is_not_followed(locks: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("ours")
    locks.mkdir(mode=0o700)
    (locks / "48123").symlink_to(precious)

    with pytest.raises(OSError, match="symbolic links"):
        ports.claim(48_123)

    assert precious.read_text() == "ours"


def test_lock_folder_that_is_a_link_is_refused(locks: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    locks.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(LabError, match="is no folder, and the lab did not make it"):
        ports.claim(48_123)


def test_lock_folder_that_others_may_write_is_refused(locks: Path) -> None:
    locks.mkdir()
    locks.chmod(0o777)

    with pytest.raises(LabError, match="is open to other users"):
        ports.claim(48_123)


def test_folder_of_another_user_is_refused(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = os.getuid()
    (temporary / f"background-tasks-lab-{STRANGER}").mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: STRANGER)

    for attempt in (lambda: make_folder(temporary), lambda: ports.claim(48_123)):
        with pytest.raises(LabError, match=f"belongs to user {mine}, and not to you"):
            attempt()


def test_what_the_lab_makes_is_its_users_alone(stack: Stack) -> None:
    for path in (stack.data_dir, *stack.data_dir.rglob("*")):
        mode = path.lstat().st_mode
        assert stat.S_IMODE(mode) & 0o077 == 0, f"{path} {stat.filemode(mode)}"


def test_folders_above_the_data_folder_are_made_private_too(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "var" / "lab" / "01")

    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.parents[:2])] == [
        0o700,
        0o700,
        0o700,
    ]


def test_file_is_opened_for_its_owner_only(tmp_path: Path) -> None:
    with open_private(tmp_path / "lock"):
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


def test_valkey_asks_for_a_password_that_ps_does_not_show(stack: Stack) -> None:
    valkey = stack.parts["valkey"]
    password = redis.Redis.from_url(valkey.url).get_connection_kwargs()["password"]

    stranger = redis.Redis.from_url(valkey.url.replace(f":{password}@", ""))
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.lpush("default", "{}")
    with redis.Redis.from_url(valkey.url) as client:
        assert client.ping()
    assert len(password) >= 24
    assert password not in " ".join(psutil.Process(valkey.pid).cmdline())


def test_each_start_makes_its_own_password(stack: Stack, tmp_path: Path) -> None:
    with Stack(tmp_path) as other:
        assert other.start_valkey().url.partition("@")[0] != stack.redis_url.partition("@")[0]


@pytest.mark.parametrize("host", ["evil.example:8025", "evil.example", "127.0.0.1.evil.example"])
@pytest.mark.parametrize("path", ["/", "/messages", "/count", "/behaviour"])
def test_inbox_answers_to_its_own_names_only(stack: Stack, host: str, path: str) -> None:
    url = f"{stack.parts['mailbox'].url}{path}"

    assert httpx.get(url, headers={"Host": host}).status_code == 400
    assert httpx.get(url.replace("127.0.0.1", "localhost")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of this machine
    ],
)
def test_no_other_site_turns_a_switch(stack: Stack, headers: dict[str, str]) -> None:
    url = stack.parts["mailbox"].url

    refused = [
        httpx.request("DELETE", f"{url}/messages", headers=headers),
        httpx.request("DELETE", f"{url}/behaviour", headers=headers),
        httpx.request("PUT", f"{url}/behaviour", json={"delay_s": 1}, headers=headers),
        httpx.request("POST", f"{url}/behaviour", headers=headers),
        httpx.request("POST", f"{url}/switch", data={"mail": "refuse"}, headers=headers),
    ]

    assert [answer.status_code for answer in refused] == [403] * 5
    assert httpx.get(f"{url}/behaviour").json() == []


def test_own_page_and_programs_turn_switches(stack: Stack) -> None:
    url = stack.parts["mailbox"].url

    own = httpx.delete(f"{url}/messages", headers={"Origin": url, "Sec-Fetch-Site": "same-origin"})

    assert own.status_code == httpx.delete(f"{url}/messages").status_code == 204


def test_temporary_files_go_with_the_lab(tmp_path: Path, temporary: Path) -> None:
    with Stack(tmp_path / "data", root=write_stand_ins(tmp_path)) as stack:
        app = stack.start("01")
        folder = Path(httpx.get(app.url).json()["env"]["TMPDIR"])
        assert folder.parent == temporary
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "pymp-left").mkdir()
        app.kill9()

    wait_until("the folder is gone", lambda: not folder.exists())
