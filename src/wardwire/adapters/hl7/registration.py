"""How the house knows this adapter, and how a listener is made from its settings."""

from __future__ import annotations

import codecs
import ssl
from pathlib import Path
from typing import Protocol

from wardwire.adapters.contract import Given, NotUsable, Registration
from wardwire.adapters.hl7.door import Hl7Door, Manners
from wardwire.adapters.hl7.mapping import BadTable, Table, read_table
from wardwire.adapters.hl7.server import Hl7Server


class Options(Protocol):
    """The section `hl7` of the settings: settings.Hl7 says what each is."""

    @property
    def listen(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def table(self) -> Path | None: ...
    @property
    def charset(self) -> str: ...
    @property
    def release_poison(self) -> bool: ...
    @property
    def tls_certificate(self) -> Path | None: ...
    @property
    def tls_key(self) -> Path | None: ...
    @property
    def tls_clients(self) -> Path | None: ...


def check(options: Options) -> None:
    """Look whether a listener could be made. Raises `NotUsable`."""
    load_table(options.table)
    _check_rest(options)


def _check_rest(options: Options) -> None:
    _tls(options)
    if not options.source or options.source.startswith(".") or "/" in options.source:
        # Its dead letters lie in a folder of this name.
        raise NotUsable("hl7_source", f"{options.source!r} is no name of a source.", "Write a name without / in it.")
    try:
        codecs.lookup(options.charset)
    except LookupError:
        raise NotUsable(
            "hl7_charset", f"{options.charset} is no character set.", "Write one such as utf-8 or iso8859-1."
        ) from None


def make(options: Options, given: Given) -> Hl7Server:
    """Make a listener; `start` opens it. Raises `NotUsable`."""
    _check_rest(options)
    host, _, port = options.listen.rpartition(":")
    door = Hl7Door(
        intake=given.intake,
        table=load_table(options.table) if given.table is None else read_edited(given.table),
        manners=Manners(source=options.source, charset=options.charset, release_poison=options.release_poison),
        clock=given.clock,
        name=given.node,
        letters=given.letters,
    )
    return Hl7Server(
        door,
        name=given.name,
        host=host.strip("[]"),
        port=int(port),
        tls=_tls(options),
        monotonic=given.clock.monotonic,
    )


def read_edited(text: str) -> Table:
    """Read a table that the site has edited. Raises `NotUsable` (`hl7_table`), with the place of the fault."""
    try:
        return read_table(text)
    except BadTable as error:
        raise NotUsable(
            "hl7_table", f"The mapping table cannot be used: {error}.", "Try it with `wardwire hl7 try`."
        ) from error


def load_table(path: Path | None) -> Table:
    """Read the mapping table; without one, what holds for what no rule fits.

    Raises:
        NotUsable: `hl7_table`, with the place of the fault.
    """
    if path is None:
        return Table()
    try:
        return read_table(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadTable) as error:
        raise NotUsable(
            "hl7_table", f"The mapping table {path} cannot be used: {error}.", "Try it with `wardwire hl7 try`."
        ) from error


def _tls(options: Options) -> ssl.SSLContext | None:
    if options.tls_certificate is None:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.tls_certificate, options.tls_key)
        if options.tls_clients is not None:
            context.load_verify_locations(options.tls_clients)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise NotUsable(
            "hl7_tls",
            f"The certificate {options.tls_certificate} cannot be used: {error}.",
            "Check hl7.tls_certificate, hl7.tls_key and hl7.tls_clients.",
        ) from error
    return context


REGISTRATION = Registration(
    name="hl7",
    about="HL7 v2 over MLLP: alarms as IHE PCD-04 reports them, critical results, and where patients are (ADT).",
    golden=Path(__file__).parent / "golden",
    check=check,
    make=make,
)
