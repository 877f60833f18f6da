"""Who is signed in, and what they may: what a screen asks first, so that it offers nothing that would be refused."""

from __future__ import annotations

import msgspec

from wardwire.api.operation import Answer, Call, Operation
from wardwire.api.sessions import accounts_of
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Reach, reach_of
from wardwire.store import accounts as store


class WhoOut(msgspec.Struct, frozen=True):
    """Who is signed in.

    `may`: how far each action reaches for them, `own`, `own unit` or `any`; what they may not is left out.
    """

    account: str
    login: str
    person: str
    name: str
    roles: list[str]
    units: list[str]
    second_factor: bool
    may: dict[str, str]
    site: str
    version: str


async def who(call: Call) -> Answer:
    """Say who is signed in."""
    at, caller = accounts_of(call.deps), call.caller
    if caller.session_id is None:
        raise Refused(Code.NOT_PERMITTED, "only who is signed in has an account of their own")
    account_id = ids.read_id(ids.ACCOUNT, caller.source)
    account = await call.read(lambda connection: store.load_account(connection, account_id))
    if account is None:
        raise Refused(Code.NOT_FOUND, "this account is gone")
    reaches = {action: reach_of(caller, action) for action in Action}
    shown = WhoOut(
        account=caller.source,
        login=account.login,
        person=ids.write_id(ids.PERSON, account.person_id),
        name=call.deps.rules().directory.person_name(account.person_id),
        roles=sorted(account.roles),
        units=sorted(ids.write_id(ids.PLACE, unit) for unit in account.units),
        second_factor=account.second_factor,
        may={action.value: reach.words for action, reach in reaches.items() if reach is not Reach.NO},
        site=at.site,
        version=call.deps.version,
    )
    return Answer(body=shown)


OPERATIONS = (
    Operation(
        id="whoAmI", method="GET", path="/v1/account", tag="accounts",
        about="Show one's own account, and what one may.",
        handler=who, answers={200: WhoOut}, refuses=(Code.NOT_FOUND,), action=Action.ACCOUNT_OWN, narrows=True,
    ),
)  # fmt: skip
