"""Whatever is sent, the API answers as its OpenAPI document says, and every job it takes ends."""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.client import Api
from tests.support.running import Running

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]
EXAMPLES_PER_OPERATION = int(os.environ.get("FUZZ_EXAMPLES", "6"))  # `make slow`: many more
FOR_LATER = {"/emails/later", "/probes"}  # what they start does not end while a test waits


@pytest.mark.long
@pytest.mark.timeout(300)
def test_any_request_is_answered_as_documented(running: Running) -> None:
    schema = schemathesis.openapi.from_url(f"{running.api.base_url}/openapi.json")

    # Any: the type parameters of schemathesis are of no interest here.
    for path, methods in schema.items():
        for method in methods:
            fuzz(schema[path][method], running.api)

    running.api.wait_until_quiet()
    running.send_another_email()


def fuzz(operation: APIOperation[Any, Any, Any, Any], api: Api) -> None:
    """Send valid and invalid requests, the same ones in each run."""
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode])

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES_PER_OPERATION,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Case[Any]) -> None:
        response = case.call_and_validate(checks=CHECKS, timeout=10)
        if operation.path in FOR_LATER and response.status_code == 202:
            api.cancel(response.json()["task_id"])

    send()
