"""Which tests hold which definition, by its key or else its family; the registry puts them into the definitions.

A test compares: each name is that of a test, and no definition is without one.
"""

from collections.abc import Mapping
from typing import Final

_EVERY: Final = ("test_every_figure_is_the_sum_of_its_rows",)
_JANUARY: Final = ("test_the_api_says_what_the_reference_says",)
_ANSWERS: Final = ("test_the_tenth_answer_makes_it_a_figure",)
_COUNTS: Final = ("test_counts_of_rows_are_the_figure_itself",)
_UNKNOWN: Final = ("test_an_unknown_stretch_of_work_leaves_the_handle_time_unknown",)
_RESPONSES: Final = (
    "test_transfers_and_first_responses",
    "test_the_first_answer_on_messaging_counts_against_its_target",
)
_ISSUES: Final = (
    "test_a_call_within_fifteen_minutes_of_a_dropped_one_is_the_same_contact",
    "test_the_window_is_the_reasons_own",
    "test_reasons_with_one_parent_are_one_issue",
    "test_two_customers_found_to_be_one_are_counted_anew_and_back_again",
)
_COSTS: Final = ("test_a_contact_costs_what_held_when_it_arrived_on_its_channel",)

HELD_BY: Final[Mapping[str, tuple[str, ...]]] = {
    # Volume.
    "contacts": (*_COUNTS, "test_every_roll_up_gives_the_same_contacts", "test_no_contact_is_in_nothing"),
    "customers": ("test_different_customers_of_stuck_cases_are_counted_once",),
    "offered": ("test_every_way_out_of_the_queue_is_offered_and_counted_once", *_JANUARY),
    "answered": (*_COUNTS, *_JANUARY),
    "abandoned": ("test_an_email_nobody_answered_is_not_abandoned", *_JANUARY),
    "callbacks": ("test_every_way_out_of_the_queue_is_offered_and_counted_once",),
    "self_served": _EVERY,
    "outbound": ("test_a_call_back_of_ours_does_not_break_resolution",),
    "not_contacts": ("test_no_contact_is_in_nothing", *_JANUARY),
    # Waiting, giving up, service level.
    "abandonment": ("test_abandonment_is_counted_four_ways", *_JANUARY),
    "asa": (
        "test_both_speeds_of_answer_share_their_seconds",
        "test_percentiles_interpolate_between_two_contacts",
        "test_a_wait_is_all_queueing_up_to_the_first_transfer",
        *_JANUARY,
    ),
    "wait_abandoned": ("test_both_speeds_of_answer_share_their_seconds", *_JANUARY),
    "service_level": (
        "test_the_worked_example_gives_its_published_service_level",
        "test_a_longer_threshold_admits_those_answered_later",
        "test_flow_outs_are_a_switch_of_their_own",
        "test_the_most_specific_target_holds",
        *_JANUARY,
    ),
    # The work.
    "handled_time": _UNKNOWN,
    "aht": ("test_handle_time_of_several_channels_is_told_channel_by_channel", *_UNKNOWN, *_JANUARY),
    "aht_truncated": ("test_the_truncated_handle_time_keeps_one_second_to_one_hour", *_JANUARY),
    "mean_talk": ("test_a_call_told_live_adds_up_talk_hold_and_wrap_up",),
    "mean_hold": ("test_a_call_told_live_adds_up_talk_hold_and_wrap_up",),
    "mean_wrap": ("test_a_call_told_live_adds_up_talk_hold_and_wrap_up",),
    "transfer_rate": (
        "test_transfers_and_first_responses",
        "test_a_transfer_told_live_does_not_lengthen_the_wait",
    ),
    "first_response": _RESPONSES,
    "occupancy": (
        "test_occupancy_without_presence_is_no_data_and_never_0",
        "test_chats_at_once_count_the_wall_clock_once",
        "test_a_break_is_neither_idle_nor_available",
    ),
    # Resolution and repeats.
    "fcr": (
        "test_an_email_on_thursday_about_the_same_reason_fails_mondays_call",
        "test_about_another_reason_both_are_resolved",
        "test_what_was_resolved_two_days_ago_is_not_in_the_headline_yet",
        "test_the_window_counts_from_the_end_and_its_last_second_is_in_it",
        *_ISSUES,
    ),
    "repeat_rate": ("test_looking_back_needs_no_waiting", *_ISSUES),
    "repeat_contacts": _ISSUES,
    "unidentified_share": (
        "test_the_unidentified_share_says_how_many_cannot_be_followed",
        "test_the_unidentified_share_stands_beside_every_repeat_figure",
    ),
    "follow_up": (
        "test_follow_ups_count_start_to_start_with_the_last_second_in",
        "test_a_follow_up_is_known_only_as_far_as_its_source_reaches",
        *_JANUARY,
    ),
    "cases": ("test_cases_have_contacts_and_switches",),
    "contacts_per_case": ("test_cases_have_contacts_and_switches",),
    "channel_switching": ("test_another_channel_within_seventy_two_hours_is_a_switch",),
    "stuck": (
        "test_a_case_of_three_contacts_is_stuck_and_counts_at_its_first",
        "test_different_customers_of_stuck_cases_are_counted_once",
    ),
    # What customers answered, and what contacts cost.
    "csat": ("test_satisfaction_is_fours_and_fives_of_those_who_answered_that_question", *_ANSWERS),
    "ces": ("test_ease_is_five_to_seven_and_four_is_not", *_ANSWERS),
    "nps": (
        "test_net_promoters_go_from_minus_100_to_100_and_six_is_a_detractor",
        "test_the_interval_of_nps_uses_its_own_variance",
        *_ANSWERS,
    ),
    "said_resolved": ("test_resolved_in_the_customers_eyes_is_yes_of_those_who_said_yes_or_no", *_ANSWERS),
    "response_rate": ("test_the_share_that_answers_counts_invitations_old_enough_to_have_been_answered",),
    "cost": _COSTS,
    "cost_per_contact": _COSTS,
    "avoidable_share": _EVERY,
    "avoidable_known": _EVERY,
}
