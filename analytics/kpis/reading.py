"""Reading figures: the only way from the registry to numbers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from analytics.kpis.definition import Aggregation, Kpi, Maturity
from analytics.kpis.distincts import with_distincts
from analytics.kpis.durations import with_quantiles
from analytics.kpis.errors import FiguresAreHiddenError
from analytics.kpis.figures import Figure, FigureSet, Group, State, figure_of, refused
from analytics.kpis.labels import label_of_time, names_of
from analytics.kpis.maturing import Clock
from analytics.kpis.occupancy import agent_day_figure, is_answerable, read_agent_days
from analytics.kpis.planner import Plan, Source, Visibility, plan_for
from analytics.kpis.questions import Filters, Period, Split, today
from analytics.kpis.registry import kpis_of
from analytics.kpis.sums import Cells, GroupKey, Question, Sums, days_recorded, read_sums
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability

ByKey = dict[str, Figure]
Answer = dict[GroupKey, ByKey]


def read_figures(
    *,
    keys: Sequence[str],
    period: Period,
    comparison: Period | None,
    filters: Filters,
    split_by: Split,
    user: User,
) -> FigureSet:
    """The figures of a period beside those of its comparison, for what this person may see."""
    if not user.can(Ability.SEE_DASHBOARDS):
        raise FiguresAreHiddenError
    kpis = kpis_of(keys)
    question = Question(
        kpis=kpis,
        period=period,
        filters=filters.with_reasons(),
        split=split_by,
        by_channel=False,
        user=user,
        visibility=Visibility.of(user),
        clock=_clock(kpis, period),
    )
    total, groups = _answer(question)
    if comparison is not None:
        is_by_time = split_by.is_of_time
        split = Split.NONE if is_by_time else split_by
        clock = _clock(kpis, comparison) if comparison.horizon else question.clock
        total_before, groups_before = _answer(replace(question, period=comparison, split=split, clock=clock))
        total = _beside(total, total_before)
        if not is_by_time:
            groups = {key: _beside(figures, groups_before.get(key, {})) for key, figures in groups.items()}
    return FigureSet(
        period=period,
        comparison=comparison,
        filters=question.filters,
        split_by=split_by,
        total=total,
        groups=_named(split_by, groups),
    )


def _clock(kpis: Sequence[Kpi], period: Period) -> Clock:
    if all(kpi.maturity is Maturity.NONE for kpi in kpis):
        return Clock(())
    return Clock.for_period(period)


def _beside(figures: ByKey, before: ByKey) -> ByKey:
    return {key: figure.compared(before.get(key)) for key, figure in figures.items()}


def _answer(question: Question) -> tuple[ByKey, Answer]:
    """The total and the groups: KPIs that share a table share a query."""
    total: ByKey = {}
    groups: Answer = {}
    for part, plan in _parts(question):
        part_total, part_groups = _of_agents(part) if plan is None else _part(part, plan)
        total.update(part_total)
        for key, figures in part_groups.items():
            groups.setdefault(key, {}).update(figures)
    order = [kpi.key for kpi in question.kpis]
    recorded = days_recorded(question.period) if question.split is Split.DAY else None
    for key, figures in _every_bucket(question, groups).items():
        for kpi in question.kpis:
            if kpi.key not in figures:
                is_refused = total[kpi.key].state is State.REFUSED
                figures[kpi.key] = total[kpi.key] if is_refused else _gap(kpi, key, recorded)
        groups[key] = {name: figures[name] for name in order}
    return {name: total[name] for name in order}, groups


def _parts(question: Question) -> list[tuple[Question, Plan | None]]:
    """KPIs that are read together: of agents' days (which need no plan), of rows only, and by the table of the rest.

    A table that has to be read channel by channel for one serves the others as well.
    """
    by_need: dict[tuple[bool, bool, bool], list[Kpi]] = {}
    for kpi in question.kpis:
        by_need.setdefault((kpi.is_of_agents, kpi.needs_rows, kpi.is_one_channel_at_a_time), []).append(kpi)
    parts: list[tuple[Question, Plan | None]] = []
    for kpis in by_need.values():
        part = replace(question, kpis=kpis, by_channel=_needs_channels(kpis[0], question))
        plan = None if kpis[0].is_of_agents else _plan(part)
        same = next((other for other in parts if plan is not None and plan.is_summed and other[1] == plan), None)
        if same is None:
            parts.append((part, plan))
            continue
        by_channel = part.by_channel or same[0].by_channel
        parts[parts.index(same)] = replace(part, kpis=[*same[0].kpis, *kpis], by_channel=by_channel), plan
    return parts


def _needs_channels(kpi: Kpi, question: Question) -> bool:
    return kpi.is_one_channel_at_a_time and question.filters.channel is None and question.split is not Split.CHANNEL


def _plan(question: Question) -> Plan:
    return plan_for(
        kpis=question.kpis,
        period=question.period,
        filters=question.filters,
        split=question.split,
        visibility=question.visibility,
        clock=question.clock,
    )


def _part(question: Question, plan: Plan) -> tuple[ByKey, Answer]:
    if plan.source is Source.REFUSED:
        return {kpi.key: refused(kpi, plan.reason) for kpi in question.kpis}, {}
    cells = read_sums(plan, question)
    total = _figures(
        _summed(cells, question),
        replace(question, split=Split.NONE),
        plan,
        in_series=False,
    )
    groups: Answer = {}
    if question.split is not Split.NONE:
        found = _figures(cells, question, plan, in_series=question.split.is_of_time)
        groups = {key: figures for key, figures in found.items() if key is not None}
    return total.get(None, {}), groups


def _summed(cells: Cells, question: Question) -> Cells:
    """All groups together, channel by channel where channels stay apart. Always a cell, so that 0 is a figure."""
    summed: Cells = {}
    for (_group, channel), sums in cells.items():
        summed.setdefault((None, channel), Sums()).add(sums)
    return summed or {(None, None): Sums()}


def _figures(cells: Cells, question: Question, plan: Plan, *, in_series: bool) -> Answer:
    """Figures by group; where channels stay apart the group's own figure lists them."""
    apart = [kpi for kpi in question.kpis if question.by_channel and kpi.is_one_channel_at_a_time]
    whole = [kpi for kpi in question.kpis if kpi not in apart]
    answer: Answer = {}
    if whole:
        found = _figures_of_cells(
            _channels_together(cells) if apart else cells, whole, question, plan, in_series=in_series
        )
        answer = {group: figures for (group, _channel), figures in found.items()}
    if apart:
        by_group: dict[GroupKey, list[tuple[int | None, ByKey]]] = {}
        found = _figures_of_cells(cells, apart, question, plan, in_series=in_series)
        for (group, channel), figures in sorted(found.items(), key=lambda item: item[0][1] or 0):
            by_group.setdefault(group, []).append((channel, figures))
        for group, parts in by_group.items():
            answer.setdefault(group, {}).update(
                {kpi.key: _over_channels(kpi, [(channel, one[kpi.key]) for channel, one in parts]) for kpi in apart}
            )
    return answer


def _figures_of_cells(
    cells: Cells, kpis: Sequence[Kpi], question: Question, plan: Plan, *, in_series: bool
) -> dict[tuple[GroupKey, int | None], ByKey]:
    source = plan.label
    found = {
        cell: {kpi.key: figure_of(kpi, sums, source=source, in_series=in_series) for kpi in kpis}
        for cell, sums in cells.items()
    }
    if any(kpi.aggregation is Aggregation.QUANTILE for kpi in kpis):
        with_quantiles(found, replace(question, kpis=kpis))
    if any(kpi.aggregation is Aggregation.DISTINCT for kpi in kpis):
        with_distincts(found, replace(question, kpis=kpis))
    return found


def _channels_together(cells: Cells) -> Cells:
    together: Cells = {}
    for (group, _channel), sums in cells.items():
        together.setdefault((group, None), Sums()).add(sums)
    return together


def _over_channels(kpi: Kpi, parts: list[tuple[int | None, Figure]]) -> Figure:
    """One figure: the only channel's own, or none with each channel's beside."""
    with_data = [(channel, figure) for channel, figure in parts if channel is not None and figure.n]
    if len(with_data) <= 1:
        figure = with_data[0][1] if with_data else parts[0][1]
        return replace(
            figure,
            by_channel=tuple((channel, figure) for channel, _figure in with_data),
        )
    return Figure(
        kpi=kpi,
        state=State.SEVERAL_CHANNELS,
        n=sum(figure.n for _channel, figure in with_data),
        source=with_data[0][1].source,
        by_channel=tuple((channel, figure) for channel, figure in with_data),
    )


def _of_agents(question: Question) -> tuple[ByKey, Answer]:
    kpis = list(question.kpis)
    if not is_answerable(question):
        return {kpi.key: agent_day_figure(kpi, None) for kpi in kpis}, {}
    cells = read_agent_days(kpis, question)
    every = Sums()
    for sums in cells.values():
        every.add(sums)
    total = {kpi.key: agent_day_figure(kpi, every if cells else None) for kpi in kpis}
    groups: Answer = {
        group: {kpi.key: agent_day_figure(kpi, sums) for kpi in kpis}
        for (group, _channel), sums in cells.items()
        if group is not None
    }
    return total, groups


def _every_bucket(question: Question, groups: Answer) -> Answer:
    """Days and months without a row too, in order; other groups as found."""
    if question.split is Split.DAY:
        return {day: groups.get(day, {}) for day in question.period.each_day()}
    if question.split is Split.MONTH:
        return {month: groups.get(month, {}) for month in question.period.each_month()}
    return groups


def _gap(kpi: Kpi, key: GroupKey, recorded: frozenset[date] | None) -> Figure:
    """No row: a count of 0 where the centre recorded anything, and a gap for anything else."""
    is_known = recorded is None or key in recorded
    is_future = isinstance(key, date) and key > today()
    if kpi.aggregation is Aggregation.SUM and is_known and not is_future:
        return figure_of(kpi, Sums({}, {kpi.maturity: {}}))
    return Figure(kpi=kpi, state=State.NO_DATA)


def _named(split: Split, groups: Answer) -> tuple[Group, ...]:
    if split.is_of_time:
        days = sorted(key for key in groups if isinstance(key, date))
        labels = {day: label_of_time(split, day, is_within_a_year=days[0].year == days[-1].year) for day in days}
        return tuple(Group(key=day, label=labels[day][0], slug=labels[day][1], figures=groups[day]) for day in days)
    ids = [key for key in groups if isinstance(key, int)]
    if not ids:
        return ()
    names = names_of(split, ids)
    found = [
        Group(
            key=key,
            label=names.get(key, (f"#{key}", ""))[0],
            slug=names.get(key, ("", ""))[1],
            figures=groups[key],
        )
        for key in ids
    ]
    return tuple(sorted(found, key=lambda group: (group.key == 0, group.label.casefold())))


def contacts_of_the_centre(period: Period, *, channel: int | None, user: User) -> int:
    """How many contacts the whole centre had, so that a part of it can say how large it is.

    The one figure that everybody who sees figures is told whatever their grants: it has no rows and no finer cut.
    """
    if not user.can(Ability.SEE_DASHBOARDS):
        raise FiguresAreHiddenError
    question = Question(
        kpis=kpis_of(["contacts"]),
        period=period,
        filters=Filters(channel=channel),
        split=Split.NONE,
        by_channel=False,
        user=user,
        visibility=Visibility(),
        clock=Clock(()),
    )
    total, _groups = _part(question, _plan(question))
    return total["contacts"].n
