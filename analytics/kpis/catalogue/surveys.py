"""What customers answered. Always of those who answered, shown with how many they were."""

from django.utils.translation import gettext_lazy as _

from analytics.kpis.definition import Direction, Entity, Kpi, Maturity, Unit, ratio

_SURVEY = {"entity": Entity.RESPONSE, "direction": Direction.UP, "suppressed_below": 10}

KPIS: tuple[Kpi, ...] = (
    ratio(
        "csat",
        _("Satisfied"),
        _("Answers 4 or 5 of 5 ÷ answers; skipped ones do not count. For the contact the answer is about."),
        ("csat_top", "csat_n"),
        **_SURVEY,
        family="csat",
        variant=_("top two of five"),
        switches={"scale": "1-5", "top": 2},
        sources=("Formbricks: (4s + 5s) / responses",),
    ),
    ratio(
        "csat_mean",
        _("Satisfaction, mean"),
        _("Mean of the answers from 1 to 5."),
        ("csat_s", "csat_n"),
        **_SURVEY,
        unit=Unit.MEAN,
        precision=2,
        family="csat",
        variant=_("mean"),
        switches={"scale": "1-5"},
        sources=("LibreDesk: mean of ratings above 0",),
    ),
    ratio(
        "ces",
        _("Easy"),
        _("Answers 5, 6 or 7 of 7 to “it was easy” ÷ answers; 7 is easy."),
        ("ces_easy", "ces_n"),
        **_SURVEY,
        family="ces",
        variant=_("share of 5 and more"),
        switches={"scale": "1-7", "easy_from": 5},
        sources=("Gartner: share of at least somewhat agree",),
    ),
    ratio(
        "ces_mean",
        _("Effort score, mean"),
        _("Mean of the answers from 1 to 7; 7 is easy."),
        ("ces_s", "ces_n"),
        **_SURVEY,
        unit=Unit.MEAN,
        precision=2,
        family="ces",
        variant=_("mean"),
        switches={"scale": "1-7"},
        sources=("CES 2.0: mean of 1-7",),
    ),
    ratio(
        "nps",
        _("Net promoter score"),
        _("Share of 9 and 10 minus share of 0 to 6, of numeric answers only, times 100: from −100 to +100."),
        ("nps_promoters - nps_detractors", "nps_n"),
        **_SURVEY,
        unit=Unit.POINTS,
        scale=100,
        precision=0,
        switches={"scale": "0-10"},
        sources=("Formbricks, Nicereply: %P - %D",),
    ),
    ratio(
        "said_resolved",
        _("Said it was resolved"),
        _("“Was it resolved?”: yes ÷ answers. What customers say, beside what their behaviour shows; never blended."),
        ("said_yes", "said_n"),
        **_SURVEY,
        sources=("SQM Group: the customer judges",),
    ),
    ratio(
        "response_rate",
        _("Answered the survey"),
        _(
            "Invitations that were answered ÷ invitations that were sent. Those that perhaps arrived count once they "
            "are answered. The young ones, whose customers may still answer, are left out."
        ),
        ("invited_answered", "invited"),
        direction=Direction.UP,
        suppressed_below=10,
        maturity=Maturity.SEVEN_DAYS,
        sources=("LibreDesk: answered / sent",),
    ),
)
