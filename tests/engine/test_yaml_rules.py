"""The YAML that the engine reads is what OmegaConf, which writes it, would read."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from omegaconf._utils import get_omega_conf_dumper, get_yaml_loader

from gnicli.engine import yaml_files

SCALARS = [
    "1e-3",
    "1e3",
    "1.5E+2",
    ".5",
    "1_000",
    "0x1f",
    "017",
    "190:20:30",
    "2026-11-23",
    "yes",
    "null",
    "~",
    ".inf",
    "-.NaN",
    "1e",
    ".e5",
    "+1",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(SCALARS)
)
TREES = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text("ab_1", max_size=3), part, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("text", SCALARS)
def test_a_plain_scalar_is_what_omegaconf_takes_it_for(text):
    content = f"key: {text}\n"
    (ours,) = yaml_files.parse("f", content.encode()).content.values()
    (theirs,) = yaml.load(content, Loader=get_yaml_loader()).values()
    assert repr(ours) == repr(theirs)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), TREES, min_size=1, max_size=4))
def test_what_omegaconf_writes_is_read_back(values):
    text = yaml.dump(
        values, default_flow_style=False, allow_unicode=True, sort_keys=False, Dumper=get_omega_conf_dumper()
    )
    theirs = yaml.load(text, Loader=get_yaml_loader())
    assert repr(yaml_files.parse("f", text.encode(errors="surrogatepass")).content) == repr(theirs)


def test_a_key_given_twice_is_refused_wherever_it_is():
    with pytest.raises(yaml_files.Malformed, match=r"f:3: key 'b' given twice"):
        yaml_files.parse("f", b"a:\n  b: 1\n  b: 2\n")
