"""The description of the HTTP interface says what the interface does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from wardwire.api.app import OPERATIONS
from wardwire.api.openapi import describe
from wardwire.api.problems import STATUS, problem_of
from wardwire.api.reading import read_json
from wardwire.model.errors import Code, Refused, Unavailable, Unknown, WardwireError

DOCUMENT = json.loads(msgspec.json.encode(describe(OPERATIONS, "0.1.0")))


def _refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from _refs(value)
    elif isinstance(part, list):
        for value in part:
            yield from _refs(value)


def test_every_reference_leads_somewhere() -> None:
    """Generators of clients fail on a reference that leads nowhere."""
    schemas = DOCUMENT["components"]["schemas"]
    assert {ref.rpartition("/")[2] for ref in _refs(DOCUMENT)} <= schemas.keys()


def test_every_operation_has_a_name_of_its_own() -> None:
    """Generated clients are named by it: two would be one."""
    names = [operation.id for operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_every_problem_is_described_as_one() -> None:
    """Whatever is not a result is `application/problem+json` with the one schema; of SCIM as its RFC says."""
    for name, path in DOCUMENT["paths"].items():
        scim = name.startswith("/scim/")
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    (kind,) = answer["content"]
                    assert kind == ("application/scim+json" if scim else "application/problem+json")
                    assert not scim or int(status) != 422, "what is unfit is 400 there"


def test_every_example_fits_its_shape() -> None:
    """What the documentation shows can be sent."""
    for operation in OPERATIONS:
        if operation.example is not None:
            read_json(json.dumps(operation.example).encode(), operation.body)


def test_every_code_has_one_status() -> None:
    """The one table is whole, and names errors only."""
    assert set(STATUS) == set(Code)
    assert all(400 <= status < 600 for status in STATUS.values())


def test_what_is_ours_is_not_explained_to_others() -> None:
    """A fault of ours says no word of its cause; an unknown outcome says what to do."""
    assert problem_of(WardwireError("secret"), "req_1").code == "internal"
    assert "secret" not in msgspec.json.encode(problem_of(WardwireError("secret"), "req_1")).decode()
    assert problem_of(Unknown("x"), "req_1").code == "commit_unknown"
    assert problem_of(Unavailable(Code.DISK_LOW), "req_1").status == 503
    ambiguous = problem_of(Refused(Code.RECIPIENT_AMBIGUOUS, "two", candidates=["per_1"]), "req_1")
    assert [suggestion.to for suggestion in ambiguous.suggested] == ["per_1"]


def test_what_is_made_leads_to_what_can_be_done_with_it() -> None:
    """By its id; and each link names an operation that there is, and a field that there is."""
    links = DOCUMENT["paths"]["/v1/people"]["post"]["responses"]["201"]["links"]
    assert links["setStatus"] == {
        "operationId": "setStatus",
        "parameters": {"path.person_id": "$response.body#/id"},
    }
    names = {operation.id for operation in OPERATIONS}
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            assert operation["responses"].get("201", {}).get("links", {}).keys() <= names
