"""The tags and filters of ccx_format."""

from datetime import UTC, datetime

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError

from ccx.kernel.look.parts import heat_levels
from ccx.kernel.look.sparkline import sparkline_svg


def rendered(source: str, **context: object) -> str:
    return Template("{% load ccx_format %}" + source).render(Context(context)).strip()


def test_an_icon_beside_a_word_is_silent_and_alone_it_speaks():
    assert 'aria-hidden="true"' in rendered('{% icon "search" %}')
    alone = rendered('{% icon "search" label %}', label="Find <it>")
    assert 'role="img" aria-label="Find &lt;it&gt;"' in alone
    assert "#search" in alone
    assert 'aria-label="Say &quot;go&quot;"' in rendered("{% icon 'search' 'Say \"go\"' %}")


def test_an_icon_that_is_not_in_the_sprite_is_refused():
    with pytest.raises(TemplateSyntaxError, match="unicorn"):
        rendered('{% icon "unicorn" %}')


def test_a_change_shows_its_arrow_its_words_and_what_it_is_compared_with():
    html = rendered('{% change 392 371 better="down" measure="duration" against="against last week" %}')
    assert "change-bad" in html
    assert "#up" in html
    assert "21\u00a0s longer" in html
    assert "against last week" in html


def test_a_time_carries_its_machine_form_and_its_zone():
    html = rendered("{{ moment|local_time }}", moment=datetime(2020, 5, 4, 10, 0, tzinfo=UTC))
    assert html == (
        '<time datetime="2020-05-04T10:00:00+00:00" title="Monday 4 May 2020, 10:00:00 UTC (UTC+00:00)">'
        "4 May 2020, 10:00</time>"
    )


def test_a_sparkline_breaks_at_gaps_and_says_what_it_shows():
    svg = sparkline_svg([1, 2, None, 4, 3])
    assert svg.count("<polyline") == 2
    assert 'aria-label="Trend: from 1 to 3, lowest 1, highest 4"' in svg
    assert "style=" not in svg


def test_a_lonely_point_between_gaps_is_a_dot_and_one_value_is_no_trend():
    assert sparkline_svg([1, None, 3, None, 2, 2]).count("spark-dot") == 3
    assert sparkline_svg([None, 5, None]) == ""
    assert sparkline_svg([]) == ""


def test_a_few_specks_among_many_gaps_are_no_trend():
    assert sparkline_svg([1, 2, *[None] * 10]) == ""
    assert sparkline_svg([1, 2, *[None] * 4]) != ""


def test_a_flat_sparkline_runs_through_the_middle():
    assert 'points="3.0,16.0 117.0,16.0"' in sparkline_svg([7, 7])


def test_heat_levels_keep_gaps_and_give_every_contact_a_shade():
    assert heat_levels([None, 0, 1, 70, 140]) == [None, 0, 1, 4, 7]
    assert heat_levels([None, 0]) == [None, 0]


class Sample(forms.Form):
    name = forms.CharField(help_text="As written.")
    kind = forms.ChoiceField(choices=[("a", "A")], required=False)


def test_a_field_shows_label_help_and_error_and_ties_them_to_the_control():
    html = rendered('{% include "components/form_fields.html" with form=form only %}', form=Sample({"name": ""}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert "form-control is-invalid" in html
    assert "This field is required." in html
    assert html.count(">optional<") == 1


def test_machine_numbers_ignore_the_language():
    assert rendered("{{ value|plain_number }}", value=1234.5) == "1234.5"


@pytest.mark.parametrize(("code", "name"), [("en", "English"), ("de-AT", "German"), ("tlh", "tlh"), ("", "")])
def test_a_language_has_a_name_for_people(code, name):
    assert rendered("{{ code|language_name }}", code=code) == name
