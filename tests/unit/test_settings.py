"""Settings: one place says all, and what is wrong is told at once, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardwire.settings import Settings, split_address
from wardwire.settings_sources import (
    SettingsInvalid,
    config_files,
    entries,
    explain,
    key_lines,
    load,
)


def write(folder: Path, text: str, name: str = "wardwire.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def problems(**sources: object) -> list[str]:
    with pytest.raises(SettingsInvalid) as told:
        load(**sources)  # type: ignore[arg-type]
    return [str(problem) for problem in told.value.problems]


def test_nothing_said_gives_safe_defaults() -> None:
    """Without any source everything is embedded and on the loopback."""
    settings = load().settings

    assert settings == Settings()
    assert settings.database.dsn == ""
    assert all(split_address(a)[0] == "127.0.0.1" for a in (settings.api.listen, settings.nats.edge_listen))


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    """Each source covers the one before it, and the origin is remembered."""
    file = write(tmp_path, "[waits]\nhigh_s = 1\nmedium_s = 2\nlow_s = 3\n")

    loaded = load(
        files=[file],
        environment={"WARDWIRE__WAITS__MEDIUM_S": "20", "WARDWIRE__WAITS__LOW_S": "30", "HOME": "/"},
        flags={"waits.low_s": "300"},
    )

    waits = loaded.settings.waits
    assert (waits.high_s, waits.medium_s, waits.low_s) == (1.0, 20.0, 300.0)
    assert loaded.origins["waits.high_s"] == f"{file}:2"
    assert loaded.origins["waits.medium_s"] == "environment WARDWIRE__WAITS__MEDIUM_S"
    assert loaded.origins["waits.low_s"] == "flag for waits.low_s"


def test_all_that_is_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    """Unknown keys, wrong types, wrong ranges and unknown sections, each with file and line."""
    file = write(
        tmp_path,
        '[api]\nlistn = "127.0.0.1:1"\nlisten = "nowhere"\n\n[durability]\nwithout_standby = "hope"\n'
        "[limits]\nframes_per_s = 0\n[smpt]\nport = 25\n",
    )

    assert problems(files=[file], environment={"WARDWIRE__SMTP__PORT": "many"}) == [
        f"{file}:2: there is no setting api.listn; did you mean api.listen?",
        f"{file}:3: api.listen: 'nowhere' is not an address such as \"127.0.0.1:8080\"",
        f'{file}:6: durability.without_standby: \'hope\' is not one of "refuse", "degraded"',
        f"{file}:8: limits.frames_per_s: 0 is not a whole number from 1 to 100000",
        f"{file}:10: there is no setting smpt.port; did you mean smtp.port?",
        "environment WARDWIRE__SMTP__PORT: smtp.port: 'many' is not a whole number from 1 to 65535",
    ]


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    """A syntax error is a problem like any other."""
    file = write(tmp_path, "[api]\nlisten = \n")

    (problem,) = problems(files=[file])

    assert problem.startswith(f"{file}:2: this is not TOML")


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    """A named file must be there; the default one may be missing."""
    assert problems(files=[tmp_path / "no.toml"]) == [f"{tmp_path / 'no.toml'}: there is no such file"]


@pytest.mark.parametrize("value", ["true", '"x"', "1.5", "[1]"])
def test_a_whole_number_takes_nothing_else(tmp_path: Path, value: str) -> None:
    """Booleans, texts, fractions and lists are refused where a whole number belongs."""
    file = write(tmp_path, f"[smtp]\nport = {value}\n")

    assert "is not a whole number" in problems(files=[file])[0]


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    """A DSN may hold a password: explaining it tells only that it is set."""
    loaded = load(flags={"database.dsn": "postgresql://app:hidden@db/ward"})
    entry = next(entry for entry in entries() if entry.key == "database.dsn")

    told = explain(entry, loaded)

    assert told["value"] == "(set, not shown)"
    assert "hidden" not in str(told)


def test_several_hosts_pass_through_untouched() -> None:
    """A DSN with two hosts and target_session_attrs reaches the driver as it was written."""
    dsn = "postgresql://app@a:5432,b:5432/ward?target_session_attrs=read-write"

    assert load(flags={"database.dsn": dsn}).settings.database.dsn == dsn


def test_half_a_certificate_is_refused() -> None:
    """Certificate and key belong together."""
    assert problems(flags={"api.tls_key": "/k.pem"}) == [
        "flag for api.tls_key: api.tls_key: certificate and key are set together or not at all"
    ]


def test_an_outside_nats_needs_its_seeds() -> None:
    """With `nats.url` nothing is embedded, so every login must be given."""
    told = problems(flags={"nats.url": "nats://core:4222"})

    assert [line.rpartition(" needs ")[2] for line in told] == [
        "nats.edge_url too",
        "nats.core_seed_file too",
        "nats.callout_seed_file too",
        "nats.kick_seed_file too",
        "nats.issuer_seed_file too",
    ]


def test_settings_of_the_engine_pass_as_texts(tmp_path: Path) -> None:
    """`[database.settings]` is handed to PostgreSQL; numbers and booleans are spelled for it."""
    file = write(tmp_path, '[database.settings]\nshared_buffers = "1GB"\njit = false\nmax_connections = 50\n')

    assert load(files=[file]).settings.database.settings == {
        "shared_buffers": "1GB",
        "jit": "off",
        "max_connections": "50",
    }


def test_files_beside_the_main_one_are_read_after_it(tmp_path: Path) -> None:
    """`conf.d/*.toml` by name, the later wins."""
    main = write(tmp_path, '[site]\nname = "A"\n')
    (tmp_path / "conf.d").mkdir()
    write(tmp_path / "conf.d", '[site]\nname = "C"\n', "20.toml")
    write(tmp_path / "conf.d", '[site]\nname = "B"\n', "10.toml")

    files = config_files({}, main)

    assert [path.name for path in files] == ["wardwire.toml", "10.toml", "20.toml"]
    assert load(files=files).settings.site.name == "C"


def test_the_line_of_a_key_is_found_in_each_spelling() -> None:
    """Sections, dotted keys and quoted keys."""
    lines = key_lines('a.b = 1\n[c]\n"d" = 2\n[e.f]\ng = 3\n')

    assert (lines["a.b"], lines["c.d"], lines["e.f.g"]) == (1, 3, 5)


def test_every_setting_has_a_sentence() -> None:
    """`config explain` has something to say of each."""
    assert [entry.key for entry in entries() if not entry.help.endswith((".", ")"))] == []


def test_further_listeners_are_tables_with_the_keys_of_the_first(tmp_path: Path) -> None:
    """Each with its own address and source; file, environment and flags cover each other as ever."""
    file = write(
        tmp_path,
        '[hl7]\nlisten = "127.0.0.1:2575"\n[hl7.also.laboratory]\nlisten = "127.0.0.1:2576"\ntable = "/lab.toml"\n'
        '[hl7.also.icu-2]\nlisten = "127.0.0.1:2577"\nsource = "monitors"\n',
    )
    loaded = load(
        files=[file],
        environment={"WARDWIRE__HL7__ALSO__LABORATORY__CHARSET": "iso8859-1"},
        flags={"hl7.also.icu-2.release_poison": "true"},
    )

    own = loaded.settings.hl7
    laboratory, icu = own.also["laboratory"], own.also["icu-2"]
    assert (own.source, laboratory.source, icu.source) == ("hl7", "laboratory", "monitors")
    assert (laboratory.charset, laboratory.table, icu.release_poison) == ("iso8859-1", Path("/lab.toml"), True)
    assert loaded.origins["hl7.also.laboratory.listen"] == f"{file}:4"
    told = explain(next(entry for entry in entries() if entry.key == "hl7.also"), loaded)
    assert told["source"] == f"{file}:4"
    assert (told["value"]["icu-2"]["release_poison"], told["value"]["laboratory"]["table"]) == (True, "/lab.toml")


def test_what_is_wrong_with_a_further_listener_is_told_with_its_line(tmp_path: Path) -> None:
    """A misspelt key, a name that is none, two at one address, one that listens nowhere."""
    file = write(tmp_path, '[hl7.also.lab]\nlissten = "127.0.0.1:1"\n[hl7.also.Lab_2]\nlisten = "127.0.0.1:1"\n')
    assert problems(files=[file], flags={"hl7.also": "lab"}) == [
        f"{file}:2: there is no setting hl7.also.lab.lissten; did you mean hl7.listen?",
        f"{file}:4: 'Lab_2' is no name: write small letters, digits and -, at most 32, a letter first",
        "flag for hl7.also: hl7.also: 'lab' is not tables [hl7.also.NAME]",
    ]
    file = write(
        tmp_path,
        '[hl7]\nlisten = "0.0.0.0:1"\n[hl7.also.a]\nlisten = "0.0.0.0:1"\n[hl7.also.b]\nsource = "b"\n',
    )
    assert problems(files=[file]) == [
        f"{file}:4: hl7.also.a.listen: 0.0.0.0:1 is the address of hl7 already",
        f"{file}:6: hl7.also.b.source: listens nowhere; set listen",
    ]
