"""The device protocol as an AsyncAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

from wardwire.devices import frames
from wardwire.devices.asyncapi import describe

DOCUMENT = json.loads(json.dumps(describe("1.2.3")))


def references(node: Any) -> Iterator[str]:
    """Every reference in a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def test_every_frame_stands_in_the_document_with_its_words() -> None:
    """What a core reads and writes is what is described, each with a sentence."""
    tags = {
        way: {str(kind.__struct_config__.tag) for kind in get_args(kinds)}
        for way, kinds in (("up", frames.Up), ("down", frames.Down))
    }

    for way, known in tags.items():
        assert {name.removeprefix(f"{way}_") for name in DOCUMENT["channels"][way]["messages"]} == known
    assert len(DOCUMENT["components"]["messages"]) == sum(map(len, tags.values()))
    assert all(message["summary"] for message in DOCUMENT["components"]["messages"].values())


def test_every_reference_leads_somewhere() -> None:
    """Channels to messages, messages to schemas, schemas to each other."""
    found = set(references(DOCUMENT))

    assert found
    for reference in found:
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]


def test_a_frame_up_is_its_body_in_an_envelope() -> None:
    """The body of a hello, with its own shape; the envelope says what proves it."""
    payload = DOCUMENT["components"]["messages"]["up_hello"]["payload"]

    envelope, body = payload["allOf"]
    assert envelope == {"$ref": "#/components/schemas/Envelope"}
    assert body["properties"]["body"] == {"$ref": "#/components/schemas/Hello"}
    assert DOCUMENT["components"]["schemas"]["Hello"]["properties"]["t"] == {"enum": ["hello"]}
