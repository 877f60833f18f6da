"""How three layers of settings come to one, and what may be set at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.model.device_settings import NOTHING, SETTINGS, TONES, Layer, Setting, Value, check_layer, resolve
from wardwire.model.errors import Code, Refused


def values_of(setting: Setting) -> st.SearchStrategy[Value]:
    """Give what a setting may be."""
    return st.sampled_from(setting.choices) if setting.choices else st.integers(setting.least, setting.most)


LAYERS = st.builds(
    Layer,
    st.fixed_dictionaries({}, optional={key: values_of(one) for key, one in SETTINGS.items()}),
    st.frozensets(st.sampled_from(sorted(SETTINGS))),
)


def test_without_layers_there_are_safe_defaults() -> None:
    """Every one of which may be set."""
    found = resolve(NOTHING, NOTHING, NOTHING)
    assert {key: one.value for key, one in found.items()} == {key: one.default for key, one in SETTINGS.items()}
    assert check_layer({key: one.default for key, one in SETTINGS.items()}, ()).locked == frozenset()
    assert {one.source for one in found.values()} == {"default"}


def test_the_narrower_layer_says_it_unless_a_wider_one_has_locked_it() -> None:
    """A lock holds also for what its own layer does not say: then what is above it, or the default."""
    site = Layer({"tone.high": "alarm", "keep_days": 3}, frozenset({"keep_days", "notify"}))
    group = Layer({"tone.high": "urgent", "keep_days": 30}, frozenset({"tone.high"}))
    device = Layer({"tone.high": "soft", "keep_days": 60, "notify": "sender", "tone.low": "silent"})
    found = resolve(site, group, device)
    assert found["tone.high"] == ("urgent", "group", "group")
    assert found["keep_days"] == (3, "site", "site")
    assert found["notify"] == ("priority", "default", "site")
    assert found["tone.low"] == ("silent", "device", "")


@given(LAYERS, LAYERS, LAYERS)
def test_each_setting_has_one_value_that_may_be(site: Layer, group: Layer, device: Layer) -> None:
    """From the layer that it names, and from none below a lock."""
    layers = {"site": site, "group": group, "device": device}
    order = ["site", "group", "device"]
    for key, one in resolve(site, group, device).items():
        check_layer({key: one.value}, ())
        if one.source != "default":
            assert layers[one.source].values[key] == one.value
        locks = [name for name in order if key in layers[name].locked]
        assert one.locked_by == (locks[0] if locks else "")
        if locks and one.source != "default":
            assert order.index(one.source) <= order.index(locks[0])


@pytest.mark.parametrize(
    ("values", "locked", "pointer"),
    [
        ({"tone.code": "silent"}, (), "/values/tone.code"),
        ({"tone.high": "silent"}, (), "/values/tone.high"),
        ({"repeat_s.code": 31}, (), "/values/repeat_s.code"),
        ({"keep_days": "7"}, (), "/values/keep_days"),
        ({"lock_after_s": 0}, (), "/values/lock_after_s"),
        ({"volume": 3}, (), "/values/volume"),
        ({}, ("volume",), "/locked"),
    ],
)
def test_what_may_not_be_is_refused_by_name(values: dict[str, Value], locked: tuple[str, ...], pointer: str) -> None:
    """Above all that what is urgent is silent."""
    with pytest.raises(Refused) as refused:
        check_layer(values, locked)
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, pointer)
    assert "silent" not in TONES
