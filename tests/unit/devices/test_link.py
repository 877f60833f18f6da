"""The link with which a phone registers."""

from __future__ import annotations

from xml.etree import ElementTree

from wardwire.devices.link import draw, draw_for_terminal, enrol_link


def test_the_code_stands_where_no_server_sees_it() -> None:
    """Behind the #; without a front there is neither link nor picture."""
    link = enrol_link("https://ward.example", "ABCD-EFGH")

    assert link == "https://ward.example/#enrol=ABCD-EFGH"
    assert enrol_link("", "ABCD-EFGH") == draw("") == ""


def test_a_link_is_drawn_for_pages_and_terminals() -> None:
    """An SVG without a script or an outside address; rows of blocks as wide as each other."""
    link = enrol_link("https://ward.example", "ABCD-EFGH")
    picture = ElementTree.fromstring(draw(link))

    assert picture.tag.endswith("svg")
    assert {child.tag.rpartition("}")[2] for child in picture.iter()} <= {"svg", "path"}
    assert len(draw_for_terminal(link).splitlines()) > 10
