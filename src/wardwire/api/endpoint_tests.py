"""Over HTTP: try one endpoint of a person by a message that is marked as a test. Its trace tells the hops."""

from __future__ import annotations

from wardwire.api.directory import find_person
from wardwire.api.identity import REPLAYED, get_identity
from wardwire.api.messages import hand_in
from wardwire.api.operation import Answer, Call, Identity, Operation
from wardwire.flow.try_endpoint import TryEndpoint
from wardwire.flow.views import Stored, read_stored
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.matrix import Action
from wardwire.model.stages import APP


async def try_endpoint(call: Call) -> Answer:
    """Send a test to one endpoint."""
    person_id, way = call.id(ids.PERSON, "person_id"), call.path["endpoint"]
    if way != APP:
        call.id(ids.ENDPOINT, "endpoint")
    result, replayed = await hand_in(
        call.deps,
        lambda done: call.deps.writer.put(
            TryEndpoint(
                person_id, way, get_identity(call), call.caller, call.deps.rules,
                lambda result, repeat: done(result, (result, repeat)),
            )
        )
    )  # fmt: skip
    stored = read_stored(result)
    headers = {"Location": f"/v1/messages/{stored.message}/trace"} | (REPLAYED if replayed else {})
    return Answer(body=stored, status=201, headers=headers)


OPERATIONS = (
    Operation(
        id="tryEndpoint",
        method="POST",
        path="/v1/people/{person_id}/endpoints/{endpoint}/test",
        tag="directory",
        about="Send a test to one endpoint of a person: `app` for their devices, or `ept_…`. It is never counted as "
        "real, and the desk is not called by it. `Location` is its trace: each hop with its seconds, or where it "
        "stopped and why.",
        action=Action.ENDPOINT_TEST,
        find=find_person,
        handler=try_endpoint,
        answers={201: Stored},
        refuses=(
            Code.NOT_FOUND, Code.RECIPIENT_DISABLED, Code.ID_REUSED, Code.OVERLOADED, Code.DISK_LOW,
            Code.COMMIT_UNKNOWN,
        ),
        identity=Identity.REQUIRED,
    ),
)  # fmt: skip
