import pytest

from analytics.kpis.expressions import Expression


def test_an_expression_adds_and_subtracts_sums() -> None:
    expression = Expression.parse("live_answered + live_abandoned - abandoned_short")
    assert expression.of({"live_answered": 90, "live_abandoned": 10, "abandoned_short": 3}) == 97


def test_a_product_needs_rows_and_has_an_alias_of_its_own() -> None:
    expression = Expression.parse("a - a*b")
    assert expression.needs_rows
    assert [term.alias for term in expression.terms] == ["a", "a__and__b"]
    assert expression.of({"a": 5, "a__and__b": 2}) == 3


@pytest.mark.parametrize("text", ["", "a b", "a / b", "2 * a", "sum(a)", "a +"])
def test_anything_but_names_and_signs_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"read|needs"):
        Expression.parse(text)
