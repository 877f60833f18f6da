"""The keys of integrations over HTTP. Who may change what: model/matrix.py."""

from __future__ import annotations

from wardwire.api import directory_wire as wire
from wardwire.api.directory import (
    changed,
    read_operation,
    write_operation,
)
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call
from wardwire.directory import keys
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.matrix import Action
from wardwire.model.people import ApiKey


def _show_key(key: ApiKey) -> wire.KeyOut:
    return wire.KeyOut(ids.write_id(ids.KEY, key.id), key.source, sorted(key.scopes), key.revoked)


async def list_keys(call: Call) -> Answer:
    """List keys, without their secrets."""
    found = sorted(call.deps.rules().directory.keys.values(), key=lambda key: key.id)
    return Answer(body=wire.Keys([_show_key(key) for key in found], None))


async def make_key(call: Call) -> Answer:
    """Make a key."""
    body: wire.NewKey = call.body

    def show(made: tuple[ApiKey, str], *, whole: bool = True) -> wire.MadeKey:
        key, text = made
        return wire.MadeKey(ids.write_id(ids.KEY, key.id), key.source, sorted(key.scopes), text if whole else None)

    return await make(
        call,
        lambda desk: keys.make_key(desk, call.caller, source=body.source, scopes=body.scopes),
        show,
        keep=lambda made: show(made, whole=False),
    )


async def revoke_key(call: Call) -> Answer:
    """Revoke a key."""
    await keys.revoke_key(call.deps.desk, call.caller, call.id(ids.KEY, "key_id"))
    return await changed(call, Answer(status=204))


OPERATIONS = (
    read_operation(
        "listKeys", "/v1/keys", "List the keys of integrations.", list_keys, wire.Keys, action=Action.KEY_MANAGE
    ),
    write_operation(
        "makeKey", "POST", "/v1/keys", "Make a key. Its text is shown this once.",
        make_key, wire.NewKey, 201, wire.MadeKey, Code.COMMIT_UNKNOWN,
        example={"source": "lab", "scopes": ["messages:send"]}, action=Action.KEY_MANAGE,
    ),
    write_operation(
        "revokeKey", "DELETE", "/v1/keys/{key_id}", "Revoke a key.",
        revoke_key, None, 204, None, Code.NOT_FOUND, Code.COMMIT_UNKNOWN, action=Action.KEY_MANAGE,
    ),
)  # fmt: skip
