"""Amounts, rates, dates and measures: what a department writes, as exact Decimals."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.audit.mentions import mentions
from perfkit.quantities import (
    Measure,
    money,
    parse_amount,
    parse_date,
    parse_measure,
    parse_points,
    parse_rate,
    parse_signed_rate,
    percent,
    plain,
    rounded,
    rounding_shows,
    signed_money,
)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("15548.09", "15548.09"),
        ("0", "0"),
        ("-0", "0"),
        ("012", "12"),
        ("1,234.5", "1234.5"),
        ("1，234.5", "1234.5"),
        ("350000元", "35"),
        ("56397.79元", "5.639779"),
        ("0.01元", "0.000001"),
        ("12.5万元", "12.5"),
        ("12.5万", "12.5"),
        ("1.2亿元", "12000"),
        ("3亿", "30000"),
        ("12.5 万元", "12.5"),
        ("  12.5  ", "12.5"),
        ("１２.5", "12.5"),
        ("１２．５万元", "12.5"),
        ("1万亿元", None),
        ("100000000", "100000000"),
        ("1000000000000元", "100000000"),
        (672.53, "672.53"),
        (0.1, "0.1"),
        (1e-05, "0.00001"),
        (4070, "4070"),
    ],
)
def test_amount(written, amount):
    if amount is None:
        with pytest.raises(ValueError, match="不是金额"):
            parse_amount(written)
    else:
        assert parse_amount(written) == Decimal(amount)


@pytest.mark.parametrize(
    ("parse", "written"), [(parse_amount, "-0"), (parse_rate, "-0%"), (parse_points, "-0.0")]
)
def test_minus_nothing_is_printed_as_nothing(parse, written):
    assert plain(parse(written)) == "0"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("约1250", "“约1250”不是金额"),
        ("1250左右", "不是金额"),
        ("一百", "不是金额"),
        ("", "不是金额"),
        ("1,2345", "不是金额"),
        ("12,34", "不是金额"),
        ("1.2.3", "不是金额"),
        (".5", "不是金额"),
        ("10²", "不是金额"),
        ("5美元", "不是金额"),
        ("1e5", "不是金额"),
        ("NaN", "不是金额"),
        ("inf", "不是金额"),
        (float("nan"), "不是金额"),
        (float("inf"), "不是金额"),
        (True, "不是金额"),
        (None, "空不是金额"),
        ([1], "不是金额"),
        ("-5", "金额不能是负数，这里是“-5”"),
        ("－5元", "金额不能是负数"),
        ("155480900", "超过 1 万亿元"),
        ("100000000.000001", "超过 1 万亿元"),
        ("9" * 400, "超过 1 万亿元"),
        ("0.0000001", "比“分”还细"),
        ("0.001元", "比“分”还细"),
        ("15548.0900000000000000000000000000000000001", "比“分”还细"),
    ],
)
def test_no_amount(written, why):
    with pytest.raises(ValueError, match=why):
        parse_amount(written)


@given(st.decimals(0, 10**8, places=6))
def test_an_amount_in_wan_yuan_is_read_as_written(amount):
    assert parse_amount(f"{amount:f}") == amount
    assert parse_amount(f"{amount:,f}万元") == amount


@given(st.decimals(0, 10**12, places=2))
def test_an_amount_in_yuan_is_ten_thousandths(amount):
    assert parse_amount(f"{amount:f}元") * 10_000 == amount


@given(st.decimals(0, 10**8, places=6))
def test_a_printed_amount_reads_back(amount):
    assert parse_amount(plain(amount)) == amount


@given(st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=20))
def test_text_without_a_digit_is_refused(text):
    with pytest.raises(ValueError, match="不是金额"):
        parse_amount(text)


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("0.12%", "0.0012"),
        ("100%", "1"),
        ("99.88%", "0.9988"),
        ("99.88 %", "0.9988"),
        ("９９.８８％", "0.9988"),
        ("0%", "0"),
        ("-0%", "0"),
        ("250%", "2.5"),
        ("1,200%", "12"),
        ("0.1234567890123456789012345678901%", "0.001234567890123456789012345678901"),
    ],
)
def test_rate(written, rate):
    assert parse_rate(written) == Decimal(rate)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("0.12", "不是百分数；请带百分号"),
        (0.12, "“0.12”不是百分数"),
        ("约90%", "不是百分数"),
        ("1%%", "不是百分数"),
        ("NaN%", "不是百分数"),
        (True, "不是百分数"),
        (None, "空不是百分数"),
        ("-5%", "比率不能是负数"),
        ("1000000.01%", "大得不可能"),
        ("9" * 50 + "%", "大得不可能"),
    ],
)
def test_no_rate(written, why):
    with pytest.raises(ValueError, match=why):
        parse_rate(written)


def test_only_a_signed_rate_may_be_below_zero():
    assert parse_signed_rate("-35%") == Decimal("-0.35")


@pytest.mark.parametrize(
    ("written", "points"),
    [
        ("19.98", "19.98"),
        ("４", "4"),
        ("4 分", "4"),
        ("0", "0"),
        (19.98, "19.98"),
        (4, "4"),
        ("-0", "0"),
    ],
)
def test_points(written, points):
    assert parse_points(written) == Decimal(points)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("1e5", "应填数字"),
        ("1e999999999", "应填数字"),
        ("NaN", "应填数字"),
        ("Infinity", "应填数字"),
        ("", "应填数字"),
        (True, "应填数字"),
        ("-1", "不能小于 0，这里是“-1”"),
        ("10000.01", "不能大于 10000"),
    ],
)
def test_no_points(written, why):
    with pytest.raises(ValueError, match=why):
        parse_points(written)


@pytest.mark.parametrize(
    "written",
    [
        "2023-12-31",
        "2023/12/31",
        "2023.12.31",
        "2023年12月31日",
        "２０２３-12-31",
        date(2023, 12, 31),
    ],
    ids=str,
)
def test_date(written):
    assert parse_date(written) == date(2023, 12, 31)


@pytest.mark.parametrize(
    "written",
    [
        "2023-02-30",
        "2023-02-29",
        "2023-13-01",
        "2023-00-10",
        "0000-01-01",
        "2023-12",
        "20231231",
        "",
    ],
)
def test_no_date(written):
    with pytest.raises(ValueError, match=f"“{written}”不是日期"):
        parse_date(written)


def test_a_leap_day_is_a_date():
    assert parse_date("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("written", "value", "unit", "direction"),
    [
        ("30", "30", "", None),
        ("0", "0", "", None),
        ("28天", "28", "天", None),
        ("1,200人次", "1200", "人次", None),
        ("-5%", "-5", "%", None),
        ("95%", "95", "%", None),
        ("９５％", "95", "%", None),
        ("≥95%", "95", "%", "higher"),
        (">= 95 %", "95", "%", "higher"),
        ("不低于95%", "95", "%", "higher"),
        ("大于等于95%", "95", "%", "higher"),
        ("95%以上", "95", "%", "higher"),
        ("90分（含）以上", "90", "分", "higher"),
        ("≤28天", "28", "天", "lower"),
        ("≤0", "0", "", "lower"),
        ("＜3次", "3", "次", "lower"),
        ("不超过28天", "28", "天", "lower"),
        ("28天以内", "28", "天", "lower"),
        ("500元", "0.05", "万元", None),
        ("2亿元", "20000", "万元", None),
        ("3个月", "3", "个月", None),
        ("2年", "2", "年", None),
        ("2023", "2023", "", None),
    ],
)
def test_measure(written, value, unit, direction):
    assert parse_measure(written) == Measure(Decimal(value), unit, direction)


@pytest.mark.parametrize(
    "words",
    [
        "完成",
        "",
        None,
        "约95%",
        "95%左右的企业",
        "1.2.3",
        "2023年底前",
        "12月底前",
        "12月31日",
        "15号前",
    ],
)
def test_a_target_in_words_or_a_date_is_no_measure(words):
    assert parse_measure(words) is None


def test_a_unit_of_the_row_serves_where_the_text_has_none():
    assert parse_measure("95", "％") == Measure(Decimal(95), "%", None)
    assert parse_measure("95天", "%") == Measure(Decimal(95), "天", None)


@pytest.mark.parametrize("written", ["1000000000000", "0.000000001"])
def test_a_measure_with_too_many_digits_is_refused(written):
    with pytest.raises(ValueError, match="位数太多"):
        parse_measure(written)


@pytest.mark.parametrize(
    ("value", "text"),
    [("30", "30"), ("1.2E+4", "12000"), ("19.980", "19.98"), ("0.00", "0"), ("1E-7", "0.0000001")],
)
def test_plain(value, text):
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        ("0.998793", "99.88%"),
        ("1", "100%"),
        ("0.0012", "0.12%"),
        ("0.99996", "99.996%"),
        ("0.9999500001", "99.995%"),
        ("1.000004", "100.0004%"),
        ("0.0000500", "0.01%"),
        ("0.00004999", "0.005%"),
        ("0", "0%"),
    ],
)
def test_percent(rate, text):
    assert percent(Decimal(rate)) == text


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [("19.975856", 2, "19.98"), ("0.125", 2, "0.13"), ("0.135", 2, "0.14"), ("2.5", 0, "3")],
)
def test_rounded_half_up(value, places, text):
    assert rounded(Decimal(value), places) == Decimal(text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("14870.552255", "14870.55"),
        ("18.77", "18.77"),
        ("5000", "5000.00"),
        ("98.3925", "98.39"),
        ("0.005", "0.01"),
        ("2.675", "2.68"),
        ("0", "0.00"),
        ("0.0049", "0.0049"),
        ("0.000001", "0.000001"),
        ("0.0049999999", "0.005"),
        ("0.0000004", "0.0000004"),
        ("-0.0035", "-0.0035"),
        ("-1.5", "-1.50"),
    ],
)
def test_money(amount, text):
    assert money(Decimal(amount)) == text
    assert signed_money(Decimal(amount)) == text.replace("-", "−")


@given(st.decimals(0, 10**8, places=6) | st.decimals(0, 1, places=10))
def test_printed_money_is_nothing_only_if_there_is_none_and_a_text_that_repeats_it_is_right(amount):
    printed = money(amount)
    assert bool(Decimal(printed)) == bool(amount)
    (mention,) = mentions(f"预算{printed}万元")
    assert len(printed.partition(".")[2]) > 10 or mention.says(
        amount
    )  # 万元 to ten places are read


@given(st.decimals(0, 2, places=9))
def test_a_printed_rate_is_all_or_nothing_only_if_it_is(rate):
    printed = percent(rate)
    assert (printed == "100%") == (rate == 1)
    assert (printed == "0%") == (rate == 0)
    (mention,) = mentions(f"执行率{printed}")
    assert mention.says(rate)


@pytest.mark.parametrize(
    ("whole", "parts", "shows"),
    [
        ("0.03", ["0.014", "0.016"], False),  # 0.01 + 0.02
        ("0.028", ["0.014", "0.014"], True),  # 0.01 + 0.01 beside 0.03
        ("0.03", ["0.014", "0.014"], False),  # they don't add up as filed: a fault, not rounding
        ("5", ["2", "3"], False),
        ("0", [], False),
    ],
)
def test_whether_rounding_shows(whole, parts, shows):
    assert rounding_shows(Decimal(whole), map(Decimal, parts)) == shows
