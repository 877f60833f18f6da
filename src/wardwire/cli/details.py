"""Options that say what is known of a person beyond their name, and how it is shown."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wardwire.model.details import FIELDS, Details
from wardwire.ops.failure import StartFailed

_MANY = "; again for more, '' for none."

Given = Annotated[str | None, typer.Option("--given", help="The given name.")]
Family = Annotated[str | None, typer.Option("--family", help="The family name.")]
Preferred = Annotated[str | None, typer.Option("--preferred", help="What colleagues call them.")]
Spoken = Annotated[str | None, typer.Option("--spoken", help="How the name is said aloud.")]
Sort = Annotated[str | None, typer.Option("--sort", help="Where they stand in a list.")]
Departments = Annotated[list[str] | None, typer.Option("--department", help="A department" + _MANY)]
Location = Annotated[str | None, typer.Option("--location", help="Where they work.")]
Languages = Annotated[list[str] | None, typer.Option("--language", help="A language, e.g. de" + _MANY)]
Photo = Annotated[str | None, typer.Option("--photo", help="Where their picture is: https://…, or a path.")]
Phones = Annotated[list[str] | None, typer.Option("--phone", help="An extension or a number" + _MANY)]
ExternalIds = Annotated[
    list[str] | None, typer.Option("--id", metavar="SOURCE:ID", help="Who they are elsewhere; SOURCE: takes it away.")
]


def read_details(external_ids: list[str] | None, **fields: Any) -> dict[str, Any]:
    """Return what was given, by field.

    Raises:
        StartFailed: `usage` for an id without its source.
    """
    told = {field: value for field, value in fields.items() if value is not None}
    if external_ids is not None:
        told["external_ids"] = dict(_pair(text) for text in external_ids)
    return told


def show_details(details: Details) -> dict[str, Any]:
    """Return details for --json."""
    return {field: getattr(details, field) for field in FIELDS} | {"external_ids": details.ids_by_source}


def say_details(details: Details) -> list[tuple[str, str]]:
    """Return (what, value) of all that is known."""
    told = {**show_details(details), "external_ids": [f"{source}:{known}" for source, known in details.external_ids]}
    written = {field: value if isinstance(value, str) else ", ".join(value) for field, value in told.items()}
    return [(field.replace("_", " "), text) for field, text in written.items() if text]


def _pair(text: str) -> tuple[str, str]:
    source, colon, known = text.partition(":")
    if not colon:
        raise StartFailed("usage", f"--id {text} has no source.", "Write --id SOURCE:ID, e.g. --id hr:4711.")
    return source, known
