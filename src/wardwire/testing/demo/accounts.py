"""Gives people of the demo a sign-in for the console and for administration, once; passwords are chance's."""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

from wardwire.model.errors import WardwireError
from wardwire.model.rights import AccessRole
from wardwire.testing.demo.folder import Folder
from wardwire.testing.demo.rest import Rest

KEPT = "accounts.json"
# Person of the sample hospital -> login, access role.
SIGN_INS = {"Dora": ("dora", AccessRole.OPERATOR), "Eva": ("eva", AccessRole.ADMINISTRATOR)}


class SignIn(NamedTuple):
    """With what somebody signs in."""

    login: str
    password: str


async def give_accounts(folder: Folder, operator: Rest, people: dict[str, Any]) -> dict[str, SignIn]:
    """Return sign-ins by name. A folder of an older demo, whose key may not make any, has none."""
    kept = folder.read(KEPT)
    for name, (login, role) in SIGN_INS.items():
        if login in kept or name not in people:
            continue
        password = secrets.token_urlsafe(15)
        new = {"person": people[name]["id"], "login": login, "roles": [role]}
        try:
            account = await operator.post("/v1/accounts", new)
            await operator.post("/v1/accounts/claim", {"code": account["code"], "password": password})
        except WardwireError:
            continue
        kept[login] = password
        folder.write(KEPT, kept)
    return {name: SignIn(login, kept[login]) for name, (login, _) in SIGN_INS.items() if login in kept}
