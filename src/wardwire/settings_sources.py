"""
Find each setting: flags win over the environment, that over the files, those over the defaults.

All that is wrong is told at once: where it stands (file and line), what was found, what is allowed. An
unknown key is an error, because a misspelt one would otherwise be obeyed by nobody.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from wardwire.model.feeds import read_quiet
from wardwire.model.roster import NAME
from wardwire.model.syncing import FIELDS
from wardwire.settings import Ldap, Settings, listeners

ENVIRONMENT_PREFIX = "WARDWIRE__"
# A key of a further one of its kind, such as hl7.also.laboratory.listen.
_ALSO = re.compile(r"(\w+)\.also\.([^.]*)\.(\w+)")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
CONFIG_VARIABLE = "WARDWIRE_CONFIG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One setting, as its section describes it. `kind` is its resolved type."""

    section: str
    name: str
    kind: Any
    default: Any
    help: str
    unit: str
    least: float | None
    most: float | None
    secret: bool
    address: bool

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        return f"{ENVIRONMENT_PREFIX}{self.section.upper()}__{self.name.upper()}"

    @property
    def allowed(self) -> str:
        """What may be written, in words."""
        if self.name == "also":
            return f"tables [{self.key}.NAME]"
        if get_origin(self.kind) is Literal:
            return "one of " + ", ".join(f'"{choice}"' for choice in get_args(self.kind))
        if self.address:
            return 'an address such as "127.0.0.1:8080"'
        words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
        word = words.get(self.kind, "a path" if self.kind == Path | None else "a table of texts")
        if self.least is not None or self.most is not None:
            word += f" from {self.least:g} to {self.most:g}" if self.most is not None else f" from {self.least:g}"
        return word


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in one place: `where` names file and line, variable or flag."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class SettingsInvalid(Exception):
    """The settings cannot be used; `problems` holds all that is wrong, in the order of the sources."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and where each one that is not a default came from."""

    settings: Settings
    origins: Mapping[str, str]
    files: tuple[Path, ...]

    def value(self, entry: Entry) -> Any:
        return getattr(getattr(self.settings, entry.section), entry.name)


def entries() -> list[Entry]:
    """List every setting, in the order of the sections."""
    return list(_entries())


def _entries() -> Iterator[Entry]:
    for section in fields(Settings):
        kind = section.default_factory
        assert isinstance(kind, type)
        hints = get_type_hints(kind)
        for each in fields(kind):
            yield _entry(section.name, each, hints[each.name])


def _entry(section: str, each: Field[Any], kind: Any) -> Entry:
    default = each.default_factory() if callable(each.default_factory) else each.default
    return Entry(section=section, name=each.name, kind=kind, default=default, **each.metadata)


def config_files(environment: Mapping[str, str], given: Path | None = None) -> list[Path]:
    """
    Choose the files to read: the given one, else $WARDWIRE_CONFIG, else the machine's or the user's own.

    Beside the chosen `wardwire.toml`, the files of `conf.d/*.toml` are read after it, by name.
    """
    named = given or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    if named is not None:
        main = named
    elif os.geteuid() == 0:
        main = Path("/etc/wardwire/wardwire.toml")
    else:
        home = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        main = home / "wardwire" / "wardwire.toml"
    found = [main] if named is not None or main.exists() else []
    return found + sorted((main.parent / "conf.d").glob("*.toml"))


def load(
    *,
    files: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
) -> Loaded:
    """
    Read all sources and freeze the result.

    Args:
        environment: Variables `WARDWIRE__SECTION__KEY`; others are left alone.
        flags: "section.key" to text, as given by `--set`.

    Raises:
        SettingsInvalid: With everything that is wrong.
    """
    known = {entry.key: entry for entry in _entries()}
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for where, key, raw in _all_sources(files, environment or {}, flags or {}, problems):
        entry = known.get(key) or _further(key, known)
        if entry is None:
            problems.append(Problem(where=where, what=_unknown(key, known)))
            continue
        try:
            values[key] = read_value(entry, raw)
        except ValueError as error:
            shown = "its value" if entry.secret else repr(raw)
            problems.append(Problem(where=where, what=f"{key}: {shown} is not {error}"))
            continue
        origins[key] = where
    if problems:
        raise SettingsInvalid(problems)
    settings = _freeze(values)
    together = _together(settings, origins)
    if together:
        raise SettingsInvalid(together)
    return Loaded(settings, origins, tuple(files))


def _further(key: str, known: Mapping[str, Entry]) -> Entry | None:
    """Find a setting of a further one of its kind, by that of the first: hl7.also.laboratory.listen by hl7.listen."""
    match = _ALSO.fullmatch(key)
    if match is None or f"{match[1]}.also" not in known or match[3] == "also" or not _NAME.fullmatch(match[2]):
        return None
    first = known.get(f"{match[1]}.{match[3]}")
    return replace(first, section=key.rpartition(".")[0]) if first else None


def _freeze(values: Mapping[str, Any]) -> Settings:
    sections: dict[str, Any] = {}
    for section in fields(Settings):
        kind = section.default_factory
        assert isinstance(kind, type)
        prefix = f"{section.name}."
        said = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
        also: dict[str, dict[str, Any]] = {}
        for key in [key for key in said if key.startswith("also.")]:
            _, name, last = key.split(".")
            also.setdefault(name, {"source": name})[last] = said.pop(key)
        if also:
            said["also"] = {name: kind(**own) for name, own in also.items()}
        sections[section.name] = kind(**said)
    return Settings(**sections)


def _all_sources(
    files: Sequence[Path], environment: Mapping[str, str], flags: Mapping[str, str], problems: list[Problem]
) -> Iterator[tuple[str, str, Any]]:
    for path in files:
        yield from _from_file(path, problems)
    for name, text in sorted(environment.items()):
        if name.startswith(ENVIRONMENT_PREFIX):
            key = name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".", 1)
            key = key.replace("__", ".") if ".also__" in key else key
            yield f"environment {name}", key, text
    for key, text in flags.items():
        yield f"flag for {key}", key, text


def _from_file(path: Path, problems: list[Problem]) -> Iterator[tuple[str, str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError:
        problems.append(Problem(where=str(path), what="there is no such file"))
        return
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path}:{line.group(1)}" if line else str(path)
        problems.append(Problem(where=where, what=f"this is not TOML: {error}"))
        return
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(where=str(path), what=f"cannot be read: {error}"))
        return
    lines = key_lines(text)
    for section, body in content.items():
        if not isinstance(body, dict):
            yield f"{path}:{lines.get(section, 1)}", section, body
            continue
        if not body and section not in {each.name for each in fields(Settings)}:
            yield f"{path}:{lines.get(section, 1)}", section, body
        for key, raw in _keys(section, body):
            yield f"{path}:{lines.get(key, lines.get(section, 1))}", key, raw


def _keys(section: str, body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the keys of a section; those of further ones of its kind, too."""
    for name, raw in body.items():
        if name == "also" and isinstance(raw, dict) and all(isinstance(each, dict) for each in raw.values()):
            for other, own in raw.items():
                yield from _keys(f"{section}.also.{other}", own)
        else:
            yield f"{section}.{name}", raw


def key_lines(text: str) -> dict[str, int]:
    """Tell the line of each `[section]` and `section.key` of a TOML text that has been read well. Pure."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
        if header:
            section = header.group(1).replace('"', "").replace(" ", "")
            found.setdefault(section, number)
            continue
        named = re.match(r"\s*([A-Za-z0-9_.\"'-]+)\s*=", line)
        if named:
            name = named.group(1).strip("\"'")
            found.setdefault(f"{section}.{name}" if section else name, number)
            found.setdefault((f"{section}.{name}" if section else name).split(".")[0], number)
    return found


def _unknown(key: str, known: Mapping[str, Entry]) -> str:
    also = _ALSO.fullmatch(key)
    if also and f"{also[1]}.also" in known and not _NAME.fullmatch(also[2]):
        return f"{also[2]!r} is no name: write small letters, digits and -, at most 32, a letter first"
    near = difflib.get_close_matches(f"{also[1]}.{also[3]}" if also else key, known, n=1, cutoff=0.6)
    if not near:
        name = key.rpartition(".")[2]
        near = [other for other in known if other.rpartition(".")[2] == name][:1]
    return f"there is no setting {key}" + (f"; did you mean {near[0]}?" if near else "")


def read_value(entry: Entry, raw: Any) -> Any:
    """
    Turn what a source said into the setting's type; texts come from environment and flags too. Pure.

    Raises:
        ValueError: Its text says what is allowed.
    """
    kind = entry.kind
    if entry.name == "also":
        raise ValueError(entry.allowed)
    if get_origin(kind) is Literal:
        if raw in get_args(kind):
            return raw
    elif get_origin(kind) in (Union, types.UnionType):
        if raw is None or raw == "":
            return None
        if isinstance(raw, str):
            return Path(raw).expanduser()
    elif kind is bool:
        if isinstance(raw, bool):
            return raw
        if str(raw).lower() in ("true", "false"):
            return str(raw).lower() == "true"
    elif kind in (int, float):
        return _number(entry, raw)
    elif kind is str:
        if isinstance(raw, str) and (not entry.address or _is_address(raw)):
            return raw
    else:
        table = _table(raw)
        if table is not None:
            return table
    raise ValueError(entry.allowed)


def _number(entry: Entry, raw: Any) -> Any:
    try:
        value = entry.kind(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else None
    except ValueError:
        value = None
    if value is None or (isinstance(raw, float) and value != raw):
        raise ValueError(entry.allowed)
    low = entry.least if entry.least is not None else value
    high = entry.most if entry.most is not None else value
    if not low <= value <= high:
        raise ValueError(entry.allowed)
    return value


def _is_address(text: str) -> bool:
    host, colon, port = text.rpartition(":")
    return bool(host and colon) and port.isdecimal() and 0 < int(port) < 65536 and not host.isspace()


def _table(raw: Any) -> dict[str, str] | None:
    """A table of the file, or "a=1,b=2" of a variable."""
    if isinstance(raw, str):
        pairs = [part.partition("=") for part in raw.split(",") if part.strip()]
        return {key.strip(): value.strip() for key, _, value in pairs} if all(p[1] for p in pairs) else None
    if isinstance(raw, dict) and all(isinstance(value, str | int | float) for value in raw.values()):
        return {key: _spell(value) for key, value in raw.items()}
    return None


def _spell(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _together(settings: Settings, origins: Mapping[str, str]) -> list[Problem]:
    """What is wrong only in combination."""
    found: list[Problem] = []

    def wrong(key: str, what: str) -> None:
        found.append(Problem(where=origins.get(key, f"default of {key}"), what=f"{key}: {what}"))

    parts = {"nats": settings.nats, "api": settings.api, **listeners("hl7", settings.hl7)}
    for section, part in parts.items():
        if (part.tls_certificate is None) != (part.tls_key is None):
            one = "tls_certificate" if part.tls_certificate is not None else "tls_key"
            wrong(f"{section}.{one}", "certificate and key are set together or not at all")
    addresses: dict[str, str] = {}
    for section, listener in listeners("hl7", settings.hl7).items():
        if not listener.listen and section != "hl7":
            wrong(f"{section}.source", "listens nowhere; set listen")
        elif listener.listen and addresses.setdefault(listener.listen, section) != section:
            wrong(f"{section}.listen", f"{listener.listen} is the address of {addresses[listener.listen]} already")
    _together_sources(settings, wrong)
    nats = settings.nats
    if nats.url:
        for name in ("edge_url", "core_seed_file", "callout_seed_file", "kick_seed_file", "issuer_seed_file"):
            if not getattr(nats, name):
                wrong("nats.url", f"needs nats.{name} too")
    if settings.disk.urgent_percent > settings.disk.warn_percent:
        wrong("disk.urgent_percent", "is above disk.warn_percent: nobody would be warned first")
    if settings.smtp.host:
        for name in ("sender", "link_base"):
            if not getattr(settings.smtp, name):
                wrong("smtp.host", f"needs smtp.{name} too")
    for name, rule in settings.feeds.quiet.items():
        try:
            read_quiet(rule)
        except ValueError as error:
            wrong("feeds.quiet", f"{name}: {error}")
    return found


def _together_sources(settings: Settings, wrong: Callable[[str, str], None]) -> None:
    """What is wrong of directories that people come from."""
    names: dict[str, str] = {}
    for section, one in {**listeners("ldap", settings.ldap), **listeners("sql", settings.sql)}.items():
        is_ldap = isinstance(one, Ldap)
        key, schemes = ("servers", ("ldaps", "ldap")) if is_ldap else ("url", ("postgresql", "sqlserver", "oracle"))
        addresses = [text.strip() for text in getattr(one, key).split(",") if text.strip()]
        if not addresses:
            if section not in ("ldap", "sql"):
                wrong(f"{section}.source", f"is read nowhere; set {key}")
            continue
        if names.setdefault(one.source, section) != section:
            wrong(f"{section}.source", f"{one.source} is the source of {names[one.source]} already")
        for must in ("base",) if is_ldap else ("query", "fields"):
            if not getattr(one, must):
                wrong(f"{section}.{must}", "must be set")
        for name in one.fields:
            if name not in FIELDS:
                wrong(f"{section}.fields", f"there is no field {name}; there are {', '.join(FIELDS)}")
        if one.fields and NAME not in one.fields:
            wrong(f"{section}.fields", "must say what the name is")
        for address in addresses:
            url = urlsplit(address)
            if url.scheme not in schemes or not url.hostname:
                wrong(
                    f"{section}.{key}", f"an address begins with {' or '.join(f'{each}://HOST' for each in schemes)}"
                )
            elif one.tls == "none" and url.hostname not in ("127.0.0.1", "::1", "localhost"):
                wrong(f"{section}.tls", f"none is for a server of this machine alone, and {url.hostname} is not")


def explain(entry: Entry, loaded: Loaded) -> dict[str, Any]:
    """Tell all of one setting: value, source, default, what is allowed, what for. Secrets stay hidden."""
    value = loaded.value(entry)
    return {
        "key": entry.key,
        "value": _shown(entry, value),
        "source": next((where for key, where in loaded.origins.items() if _is_of(key, entry)), "default"),
        "default": _shown(entry, entry.default),
        "allowed": entry.allowed,
        "unit": entry.unit,
        "environment": entry.variable,
        "help": entry.help,
    }


def _is_of(key: str, entry: Entry) -> bool:
    return key == entry.key or (entry.name == "also" and key.startswith(f"{entry.key}."))


def _shown(entry: Entry, value: Any) -> Any:
    if entry.secret and value:
        return "(set, not shown)"
    if entry.name == "also":
        return {
            name: {each.name: _plain(getattr(own, each.name)) for each in fields(own)} for name, own in value.items()
        }
    return _plain(value)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
