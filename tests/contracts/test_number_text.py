"""Numbers as a person reads them: they say what the number says, to as many digits as are known."""

import math
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gnicli.contracts import number_text
from gnicli.contracts.number_text import plain
from gnicli.contracts.results import Value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Value(0.123456789), "0.12346"),
        (Value(0.123456789, 0.0123), "0.123 ± 0.012"),
        (Value(1234.5, 67.0), "1,234 ± 67"),
        (Value(1234.5, 6700.0), "1,234 ± 6,700"),
        (Value(1e-12, 2e-13), "1.00e-12 ± 2.0e-13"),
        (Value(float("nan"), 0.1), "nan"),
        (Value(2.0, 0.0), "2"),
        (Value(float("inf")), "inf"),
        (Value(13940.0), "13,940"),
        (Value(-1e-9, 0.02), "0.000 ± 0.020"),
        (Value(-0.0004, 0.02), "0.000 ± 0.020"),
        (Value(-0.0006, 0.02), "-0.001 ± 0.020"),
        (Value((-1.6642e-13, 2.0)), "0, 2"),
        (Value((-1.6642e-13,)), "0"),
        (Value(()), "none"),
        (Value("S1"), "S1"),
    ],
)
def test_numbers_are_shown_to_two_digits_of_their_error(value, text):
    assert number_text.number_text(value) == text


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (13940.0, 4, "13,940"), (100.0, 1, "100"), (1394.06, 4, "1,394"), (0.00231, 4, "0.00231"), (-0.0, 5, "0"),
        (9.99996, 5, "10"), (0.000099, 5, "9.9e-05"), (1e15, 5, "1e+15"), (-1234.56, 5, "-1,234.6"),
    ],
)  # fmt: skip
def test_plain_numbers(number, digits, text):
    assert plain(number, digits) == text


@given(st.floats(-1e300, 1e300), st.integers(2, 8))
def test_a_plain_number_reads_back_to_its_digits(number, digits):
    read = float(plain(number, digits).replace(",", ""))
    assert math.isclose(read, number, rel_tol=0.500001 * 10.0 ** (1 - digits), abs_tol=0.0)


@pytest.mark.parametrize(
    ("name", "text"), [("target/w", "0"), ("p/a", "1e-200"), ("alone", "6.38e-15"), ("target/w**2", "1.0856")]
)
def test_zero_is_what_rounding_leaves_of_the_numbers_beside_it_and_no_other_small_number(name, text):
    values = {"target/w": 6.38e-15, "target/w**2": 1.0856, "p/a": 1e-200, "p/b": 0.5, "alone": 6.38e-15, "other": 3.0}
    assert number_text.texts({key: Value(value) for key, value in values.items()})[name] == text


@pytest.mark.parametrize("value", [Value(0.5, 0.1), Value(2.0), Value((1.0, 2.0)), Value("S1")])
def test_a_value_with_a_caveat_has_a_mark_and_no_other(value):
    plain_text = number_text.number_text(value)
    marked = value._replace(caveat="not mixed")
    assert "†" not in plain_text
    assert number_text.number_text(marked) == f"{plain_text} †"
    assert number_text.texts({"a": value, "b": marked}) == {"a": plain_text, "b": f"{plain_text} †"}


@settings(max_examples=1000)
@given(
    size=st.floats(-13.0, 13.0),
    error=st.one_of(st.floats(-14.0, -6.0), st.floats(6.0, 12.0)),
    sign=st.sampled_from([-1.0, 1.0]),
)
def test_very_small_and_large_errors_give_a_number_to_their_second_digit(size, error, sign):
    assume(error > size - 11)  # an error below is what rounding leaves
    number, stderr = sign * 10.0**size, 10.0**error
    text, _, told = number_text.with_error(number, stderr).partition(" ± ")
    place = math.floor(math.log10(stderr)) - 1
    assert abs(float(text) - number) <= 0.5000001 * 10.0**place + 1e-15 * abs(number)
    assert float(told.replace(",", "")) == pytest.approx(stderr, rel=0.05)
    if float(text) and size - place < 16:
        assert Decimal(text).as_tuple().exponent == place


def test_the_digits_of_small_numbers_with_errors():
    assert number_text.with_error(0.000168128, 4.2e-06) == "0.0001681 ± 4.2e-06"
    assert number_text.with_error(4.54798e-07, 4.1e-06) == "5e-07 ± 4.1e-06"
    assert number_text.with_error(-9.9999e-05, 1e-06) == "-0.0001000 ± 1.0e-06"
    assert number_text.with_error(1.0, 4.3e-15) == "1"
    assert number_text.with_error(1e-320, 5e-324) == "0 ± 4.9e-324"
    assert number_text.with_error(-5.6e6, 1e8) == "-1e+07 ± 1.0e+08"
    assert number_text.with_error(-3e-08, 1e-06) == "0 ± 1.0e-06"
