"""People and their endpoints over HTTP. Who may change what: model/matrix.py."""

from __future__ import annotations

from typing import Any

from wardwire.access.door import decide
from wardwire.api import directory_wire as wire
from wardwire.api.directory import (
    PAGE,
    WRITES,
    changed,
    cut_page,
    find,
    find_person,
    given,
    read_operation,
    write_operation,
)
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call, Query
from wardwire.api.versions import etag, expected_version
from wardwire.api.wire import DeviceOut
from wardwire.directory import endpoints, people
from wardwire.model import ids
from wardwire.model.details import FIELDS, Details
from wardwire.model.errors import Code
from wardwire.model.matrix import Action, Owner, reaches
from wardwire.model.people import Directory, Endpoint, Person, Status
from wardwire.model.quiet import write_quiet


def show_person(person: Person, call: Call) -> wire.PersonOut:
    """Say who somebody is. Addresses are for those who may change them."""
    directory = call.deps.rules().directory
    all_of_it = reaches(call.caller, Action.CONTACT_READ, [Owner(people=frozenset({person.id}))])
    devices = [directory.devices[device] for device in directory.active_devices(person.id)]
    there = directory.endpoints_of.get(person.id, ()) if all_of_it else ()
    return wire.PersonOut(
        id=ids.write_id(ids.PERSON, person.id),
        name=person.name,
        title=person.title,
        status=person.status_at(call.deps.clock.now()),
        status_until=person.status_until,
        cover=person.cover_at(call.deps.clock.now()),
        scopes=sorted(person.scopes),
        disabled=person.disabled,
        devices=[DeviceOut(ids.write_id(ids.DEVICE, d.id), d.name, d.app_version) for d in devices],
        endpoints=[_show_endpoint(endpoint, directory) for endpoint in there],
        **_show_details(person.details, all_of_it),
        version=person.version,
    )


def _show_details(details: Details, all_of_it: bool) -> dict[str, Any]:
    told = {field: getattr(details, field) for field in FIELDS}
    return told | {"external_ids": details.ids_by_source if all_of_it else {}}


def _show_endpoint(endpoint: Endpoint, directory: Directory) -> wire.EndpointOut:
    return wire.EndpointOut(
        id=ids.write_id(ids.ENDPOINT, endpoint.id),
        kind=endpoint.kind,
        address=endpoint.address,
        verified_at=endpoint.verified_at,
        emergency_only=endpoint.emergency_only,
        until=endpoint.until,
        quiet=[write_quiet(one) for one in endpoint.quiet],
        served=endpoint.kind in directory.served,
        disabled=endpoint.disabled,
    )


async def list_people(call: Call) -> Answer:
    """List people."""
    everybody = call.deps.rules().directory.everybody()
    external_id = call.query["external_id"]
    if external_id is not None:
        decide(call.caller, Action.CONTACT_READ, ())
        source, _, known = external_id.partition(":")
        everybody = [person for person in everybody if (source, known) in person.details.external_ids]
    page, following, headers = cut_page(call, ids.PERSON, "/v1/people", everybody)
    return Answer(body=wire.People([show_person(person, call) for person in page], following), headers=headers)


async def add_person(call: Call) -> Answer:
    """Add a person."""
    body: wire.NewPerson = call.body
    return await make(
        call,
        lambda desk: people.add_person(
            desk, call.caller, name=body.name, title=body.title, scopes=body.scopes, details=body.details()
        ),
        lambda made: show_person(made, call),
        at="/v1/people",
    )


async def get_person(call: Call) -> Answer:
    """Show a person."""
    person = find(call.deps.rules().directory.people, call.id(ids.PERSON, "person_id"))
    return Answer(body=show_person(person, call), headers=etag(person.version))


async def change_person(call: Call) -> Answer:
    """Change a person."""
    body: wire.PersonChange = call.body
    after = await people.change_person(
        call.deps.desk,
        call.caller,
        call.id(ids.PERSON, "person_id"),
        name=given(body.name),
        title=given(body.title),
        scopes=given(body.scopes),
        disabled=given(body.disabled),
        details=body.details(),
        expected=expected_version(call),
    )
    return await changed(call, Answer(body=show_person(after, call), headers=etag(after.version)))


async def set_status(call: Call) -> Answer:
    """Set a person's status."""
    body: wire.StatusIn = call.body
    after = await people.set_status(
        call.deps.desk,
        call.caller,
        call.id(ids.PERSON, "person_id"),
        Status(body.status),
        body.until,
        cover=body.cover,
        directory=call.deps.rules().directory,
    )
    return await changed(call, Answer(body=show_person(after, call)))


async def add_endpoint(call: Call) -> Answer:
    """Add an endpoint."""
    body: wire.NewEndpoint = call.body
    person_id = call.id(ids.PERSON, "person_id")
    return await make(
        call,
        lambda desk: endpoints.add_endpoint(
            desk,
            call.caller,
            person_id,
            kind=body.kind,
            address=body.address,
            verified=body.verified,
            emergency_only=body.emergency_only,
            until=body.until,
            quiet=body.quiet,
        ),
        lambda made: _show_endpoint(made, call.deps.rules().directory),
    )


async def change_endpoint(call: Call) -> Answer:
    """Change an endpoint."""
    body: wire.EndpointChange = call.body
    after = await endpoints.change_endpoint(
        call.deps.desk,
        call.caller,
        call.id(ids.ENDPOINT, "endpoint_id"),
        address=given(body.address),
        verified=given(body.verified),
        emergency_only=given(body.emergency_only),
        until=given(body.until),
        no_until=body.until is None,
        quiet=given(body.quiet),
        disabled=given(body.disabled),
    )
    return await changed(call, Answer(body=_show_endpoint(after, call.deps.rules().directory)))


_EXTERNAL_ID = Query(
    name="external_id", kind="string", about="Only who has this id elsewhere: `source:id`. Needs directory:write."
)
_PERSON = (*WRITES, Code.NOT_FOUND, Code.TOO_MANY, Code.EXTERNAL_ID_TAKEN, Code.LAST_ADMINISTRATOR)

OPERATIONS = (
    read_operation("listPeople", "/v1/people", "List people.", list_people, wire.People, *PAGE,
        _EXTERNAL_ID,
    ),
    write_operation(
        "addPerson", "POST", "/v1/people", "Add a person.",
        add_person, wire.NewPerson, 201, wire.PersonOut, *_PERSON,
        example={"name": "Anna", "title": "day nurse", "departments": ["Cardiology"], "phones": ["4711"]},
    ),
    read_operation("getPerson", "/v1/people/{person_id}", "Show a person.", get_person, wire.PersonOut),
    write_operation(
        "changePerson", "PATCH", "/v1/people/{person_id}", "Change a person; what is left out stays.",
        change_person, wire.PersonChange, 200, wire.PersonOut, *_PERSON, guarded=True,
        example={"title": "charge nurse"},
    ),
    write_operation(
        "setStatus", "PUT", "/v1/people/{person_id}/status", "Set a person's status.",
        set_status, wire.StatusIn, 200, wire.PersonOut, example={"status": "busy"},
        action=Action.STATUS_SET, find=find_person,
    ),
    write_operation(
        "addEndpoint", "POST", "/v1/people/{person_id}/endpoints",
        "Add a way to reach a person: e-mail, pager, phone, SMS or voice. What no channel serves yet is passed over.",
        add_endpoint, wire.NewEndpoint, 201, wire.EndpointOut, *_PERSON,
        example={"kind": "email", "address": "a@example.org"},
    ),
    write_operation(
        "changeEndpoint", "PATCH", "/v1/endpoints/{endpoint_id}", "Change an endpoint.",
        change_endpoint, wire.EndpointChange, 200, wire.EndpointOut, example={"disabled": True},
    ),
)  # fmt: skip
