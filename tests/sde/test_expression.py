"""Expressions of any text: a function or a refusal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnicli.errors import UsageError
from gnicli.sde import expression


@pytest.mark.parametrize(
    "text", ["9" * 330, "0x" + "f" * 300, "-" + "9" * 400, "1e999", "w + " + "9" * 320, "1if w else 2"]
)
def test_numbers_beyond_floats_are_refused(text):
    with pytest.raises(UsageError, match="cannot read the expression"):
        expression.parse(text)


@given(
    st.lists(
        st.sampled_from(["w", "1e308", "9e9", "**", "*", "/", "(", ")", "-", "exp(", "log(", ",", "0", "<", "pi"]),
        max_size=12,
    )
)
@settings(max_examples=300)
def test_any_text_is_a_function_or_refused_without_a_warning(parts):
    try:
        function = expression.parse("".join(parts))
    except UsageError:
        return
    assert function(np.array([-1e200, -1.0, 0.0, 2.0, 1e308])).shape == (5,)
