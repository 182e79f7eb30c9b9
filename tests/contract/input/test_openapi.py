"""The four apps describe the same routes in the same words, and need nothing else to do so."""

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.approaches import ROOT
from lab.processes import commands
from lab.processes.group import Processes, wait_ready
from tests.support.running import APPROACHES, FOLDERS, Running

ROUTES = {
    "/emails": {"post"},
    "/reports": {"post"},
    "/images": {"post"},
    "/tasks/{task_id}": {"get", "delete"},
    "/tasks/{task_id}/result": {"get"},
    "/metrics/queue": {"get"},
    "/healthz": {"get"},
}


def contract_part(document: Any) -> Any:  # Any: JSON
    """Leave out the recipes, and the schemas that only they use."""
    part = deepcopy(document)
    for path, operations in document["paths"].items():
        part["paths"][path] = {
            method: operation
            for method, operation in operations.items()
            if "recipes" not in operation.get("tags", [])
        }
        if not part["paths"][path]:
            del part["paths"][path]
    part["components"]["schemas"] = used_schemas(document, part["paths"])
    return part


def used_schemas(document: Any, paths: Any) -> dict[str, Any]:  # Any: JSON
    """Return the schemas that `paths` refer to, and those that these refer to."""
    used: dict[str, Any] = {}
    new = [paths]
    while new:
        names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(new))) - used.keys()
        found = {name: document["components"]["schemas"][name] for name in names}
        used |= found
        new = list(found.values())
    return used


def routes(document: Any) -> dict[str, set[str]]:  # Any: JSON
    return {path: set(methods) for path, methods in document["paths"].items()}


def shared_part(document: Any) -> Any:  # Any: JSON
    """Leave out what an app says about itself, and the one route that 01 cannot have."""
    shared = deepcopy(document)
    del shared["info"]
    shared["paths"]["/tasks/{task_id}"].pop("delete", None)
    return shared


def test_app_has_the_routes_of_the_contract(running: Running) -> None:
    document = contract_part(running.api.http.get("/openapi.json").json())

    expected = {path: set(methods) for path, methods in ROUTES.items()}
    if not running.promises["cancel"]:
        expected["/tasks/{task_id}"].remove("delete")
    assert routes(document) == expected


def test_app_documents_its_refusals(running: Running) -> None:
    paths = running.api.http.get("/openapi.json").json()["paths"]

    for path in ("/emails", "/reports", "/images"):
        assert set(paths[path]["post"]["responses"]) == {"202", "400", "413", "422", "503"}
    assert {"200", "404"} < set(paths["/tasks/{task_id}"]["get"]["responses"])
    assert {"200", "404", "409"} < set(paths["/tasks/{task_id}/result"]["get"]["responses"])


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:  # Any: JSON
    """Start the four apps without any service and read what they say of themselves."""
    folder = tmp_path_factory.mktemp("openapi")
    with Processes(folder, say=lambda sentence: None, grace_s=5) as processes:
        urls = {name: launch(processes, name, folder) for name in FOLDERS}
        wait_ready(processes.parts.values())
        answers = {name: httpx.get(f"{url}/openapi.json") for name, url in urls.items()}
        return {name: contract_part(answer.json()) for name, answer in answers.items()}


def launch(processes: Processes, name: str, folder: Path) -> str:
    port = processes.claim(name, 8100)
    env = {"DATA_DIR": str(folder / name)}
    return processes.launch(name, commands.app(name, port), env=env, cwd=ROOT).url


def test_shared_routes_are_described_alike(documents: dict[str, Any]) -> None:  # Any: JSON
    shared = {name: shared_part(document) for name, document in documents.items()}

    first, *others = shared
    for other in others:
        assert shared[other] == shared[first], f"{other} differs from {first}"


def test_cancel_is_described_alike_where_it_exists(documents: dict[str, Any]) -> None:
    deletes = [
        documents[name]["paths"]["/tasks/{task_id}"]["delete"]
        for name in FOLDERS
        if APPROACHES[name].promises["cancel"]
    ]

    assert all(delete == deletes[0] for delete in deletes)
