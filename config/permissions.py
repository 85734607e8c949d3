"""Who may open what: the one visible place.

One line per route name: method → roles. A route without a line is refused to everybody; a method
without an entry answers 405 (HEAD and OPTIONS follow GET). Besides the roles there are two names:
ANYONE (also without signing in; the view then carries `@login_not_required`) and SIGNED_IN
(any account, whatever its roles). `"admin:*"` stands for every route of the namespace.
`staff.middleware.RoleMiddleware` enforces this table; tests/staff/test_every_route.py walks it.

    "learner_list": {"GET": DESK, "POST": DESK},
"""

from typing import TYPE_CHECKING, Final

from staff.roles import (
    ADMINISTRATOR,
    ANYONE,
    COORDINATOR,
    INSTRUCTOR,
    RECEPTION,
    SIGNED_IN,
    admits,
    row_of,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from staff.models import StaffMember

Roles = frozenset[str]

PUBLIC: Final[Roles] = frozenset({ANYONE})
ACCOUNTS: Final[Roles] = frozenset({SIGNED_IN})
EVERYONE: Final[Roles] = frozenset({RECEPTION, INSTRUCTOR, COORDINATOR, ADMINISTRATOR})
DESK: Final[Roles] = frozenset({RECEPTION, COORDINATOR, ADMINISTRATOR})
PLANNERS: Final[Roles] = frozenset({COORDINATOR, ADMINISTRATOR})
ADMINISTRATORS: Final[Roles] = frozenset({ADMINISTRATOR})

ROUTES: Final[dict[str, dict[str, Roles]]] = {
    # Signing in, one's own account
    "home": {"GET": EVERYONE},
    "sign_in": {"GET": PUBLIC, "POST": PUBLIC},
    "sign_out": {"POST": ACCOUNTS},
    "signed_in": {"GET": ACCOUNTS},
    "language": {"POST": PUBLIC},
    "password_change": {"GET": ACCOUNTS, "POST": ACCOUNTS},
    # What Twilio calls; its signature is checked (rule 56)
    "sms_status": {"POST": PUBLIC},
    "sms_inbound": {"POST": PUBLIC},
    # Workbooks brought in, and their rows that wait
    "import_list": {"GET": DESK},
    "import_callers_upload": {"POST": PLANNERS},
    "import_classes_upload": {"POST": PLANNERS},
    "import_mapping": {"GET": PLANNERS, "POST": PLANNERS},
    "import_preview": {"GET": PLANNERS},
    "import_confirm": {"POST": PLANNERS},
    "import_discard": {"POST": PLANNERS},
    "import_detail": {"GET": DESK},
    "import_waiting": {"GET": DESK},
    "import_row": {"GET": DESK, "POST": DESK},
    "import_row_set_aside": {"POST": DESK},
    # The desk
    "desk": {"GET": DESK},
    "desk_live": {"GET": DESK},
    "desk_search": {"POST": DESK},
    "desk_person": {"GET": DESK},
    "desk_new_person": {"POST": DESK},
    "desk_second_person": {"POST": DESK},
    "desk_second_known": {"GET": DESK},
    "desk_check": {"POST": DESK},
    "desk_level": {"POST": DESK},
    "desk_sms": {"POST": DESK},
    "desk_register": {"POST": DESK},
    "desk_history": {"POST": DESK},
    "desk_add_wish": {"POST": DESK},
    "desk_cancel": {"POST": DESK},
    "desk_restore": {"POST": DESK},
    "desk_answer_offer": {"POST": DESK},
    "desk_undo": {"POST": DESK},
    "desk_end_call": {"POST": DESK},
    # Calls to make, letters to send, tasks to be confirmed
    "call_list": {"GET": DESK},
    "call_rows": {"GET": DESK},
    "call_list_print": {"GET": DESK},
    "call_next": {"POST": DESK},
    "call_claim": {"POST": DESK},
    "call_release": {"POST": DESK},
    "call_record": {"POST": DESK},
    "call_by_letter": {"POST": DESK},
    "call_pass_on": {"POST": DESK},
    "post_list": {"GET": DESK},
    "post_sent": {"POST": DESK},
    "post_put_back": {"POST": DESK},
    "task_list": {"GET": DESK},
    "task_done": {"POST": DESK},
    "task_reopen": {"POST": DESK},
    # Whoever may slip away, and messages to many
    "coming_back": {"GET": PLANNERS},
    "coming_back_invite": {"POST": PLANNERS},
    "bulk_create": {"GET": PLANNERS, "POST": PLANNERS},
    "bulk_detail": {"GET": PLANNERS},
    "bulk_stop": {"POST": PLANNERS},
    # What came in by SMS
    "message_inbox": {"GET": DESK},
    "message_inbox_rows": {"GET": DESK},
    "message_inbox_one": {"GET": DESK},
    "message_inbox_close": {"POST": DESK},
    "message_inbox_reopen": {"POST": DESK},
    "message_inbox_size": {"POST": DESK},
    "message_inbox_answer": {"POST": DESK},
    "message_inbox_call": {"POST": DESK},
    "message_inbox_offer": {"POST": DESK},
    "message_inbox_absent": {"POST": DESK},
    "message_inbox_number": {"GET": DESK, "POST": DESK},
    # Messages: what was sent and received, when they may go out, how everything runs
    "healthz": {"GET": PUBLIC},
    "message_log": {"GET": DESK},
    "message_log_received": {"GET": DESK},
    "message_log_find": {"POST": DESK},
    "message_costs": {"GET": DESK},
    "sending_hours": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "sending_day_add": {"POST": ADMINISTRATORS},
    "sending_day_remove": {"POST": ADMINISTRATORS},
    "simulator": {"GET": DESK},
    "simulator_choose": {"POST": DESK},
    "simulator_live": {"POST": DESK},
    "simulator_answer": {"POST": DESK},
    "simulator_behaviour": {"POST": DESK},
    "status": {"GET": PLANNERS},
    # A day on one screen, a bad day, the month (instructors: their own lessons, rule 65)
    "day": {"GET": DESK},
    "day_stop": {"POST": PLANNERS},
    "disruption": {"GET": DESK},
    "disruption_resume": {"POST": PLANNERS},
    "disruption_reschedule": {"POST": PLANNERS},
    "timetable": {"GET": EVERYONE},
    "timetable_file": {"GET": EVERYONE},
    # What is offered: intakes, classes with their lessons, venues, courses
    "intake_list": {"GET": DESK},
    "intake_detail": {"GET": DESK},
    "intake_rules_sheet": {"GET": DESK},
    "intake_create": {"GET": PLANNERS, "POST": PLANNERS},
    "intake_edit": {"GET": PLANNERS, "POST": PLANNERS},
    "intake_copy": {"GET": PLANNERS, "POST": PLANNERS},
    "class_create": {"GET": PLANNERS, "POST": PLANNERS},
    "class_edit": {"GET": PLANNERS, "POST": PLANNERS},
    "class_lessons": {"POST": PLANNERS},
    "venue_list": {"GET": PLANNERS},
    "venue_create": {"GET": PLANNERS, "POST": PLANNERS},
    "venue_edit": {"GET": PLANNERS, "POST": PLANNERS},
    "venue_closure_add": {"POST": PLANNERS},
    "venue_closure_remove": {"POST": PLANNERS},
    "course_list": {"GET": PLANNERS},
    "course_create": {"GET": PLANNERS, "POST": PLANNERS},
    "course_edit": {"GET": PLANNERS, "POST": PLANNERS},
    # The board, and a class with its roster, line and offers (instructors: their own, rule 65)
    "intake_board": {"GET": DESK},
    "intake_board_live": {"GET": DESK},
    "intake_demand": {"GET": DESK},
    "fairness": {"GET": PLANNERS},
    "fairness_file": {"GET": PLANNERS},
    "class_another": {"GET": PLANNERS, "POST": PLANNERS},
    "class_list": {"GET": EVERYONE},
    "class_detail": {"GET": EVERYONE},
    "class_offer": {"POST": DESK},
    "intake_offer_all": {"POST": DESK},
    "class_open_to_lines": {"POST": PLANNERS},
    "offer_accept": {"POST": DESK},
    "offer_decline": {"POST": DESK},
    "offer_told": {"POST": DESK},
    "offer_pass_on": {"POST": DESK},
    "entry_pass_over": {"POST": DESK},
    "entry_leave": {"POST": DESK},
    "party_split": {"POST": DESK},
    "seat_move": {"POST": DESK},
    "seat_cancel": {"POST": DESK},
    "seat_undo": {"POST": DESK},
    "seat_loan_phone": {"POST": DESK},
    # The draw: everybody at the desk can look it up and explain it, coordinators run it
    "intake_draw": {"GET": DESK},
    "draw_why": {"POST": DESK},
    "draw_freeze": {"POST": PLANNERS},
    "draw_take_back": {"POST": PLANNERS},
    "draw_run": {"POST": PLANNERS},
    "draw_list_file": {"GET": DESK},
    "draw_proof_file": {"GET": DESK},
    "draw_list_sheet": {"GET": DESK},
    "draw_result_sheet": {"GET": DESK},
    # What classes led to: instructors their own classes (rule 65)
    "class_cohort": {"GET": frozenset({INSTRUCTOR, COORDINATOR, ADMINISTRATOR})},
    "intake_cohort": {"GET": PLANNERS},
    # The ladder: coordinators look, administrators edit
    "ladder": {"GET": PLANNERS},
    "curriculum_download": {"GET": PLANNERS},
    "ladder_level_new": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "ladder_level": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "ladder_competency_new": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "ladder_competency": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "ladder_competency_retire": {"POST": ADMINISTRATORS},
    "ladder_competency_restore": {"POST": ADMINISTRATORS},
    "curriculum_upload": {"POST": ADMINISTRATORS},
    "curriculum_confirm": {"POST": ADMINISTRATORS},
    # The texts of messages
    "message_texts": {"GET": ADMINISTRATORS},
    "message_text": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "message_text_preview": {"POST": ADMINISTRATORS},
    "message_text_restore": {"POST": ADMINISTRATORS},
    # The class-day board: instructors their own lessons (rule 65), the desk all
    "lesson_list": {"GET": EVERYONE},
    "lesson_board": {"GET": EVERYONE},
    "lesson_tap": {"POST": EVERYONE},
    "lesson_changes": {"GET": EVERYONE},
    "lesson_settings": {"GET": EVERYONE, "POST": EVERYONE},
    "lesson_substitute": {"POST": PLANNERS},
    "lesson_walk_in_search": {"POST": EVERYONE},
    "lesson_walk_in_add": {"POST": EVERYONE},
    "lesson_walk_in_new": {"POST": EVERYONE},
    "lesson_walk_in_remove": {"POST": EVERYONE},
    "lesson_person": {"GET": EVERYONE},
    "lesson_emergency": {"POST": EVERYONE},
    "lesson_move": {"POST": EVERYONE},
    "lesson_sheets": {"GET": EVERYONE},
    "lesson_certificates": {"GET": EVERYONE},
    # People on record
    "learner_list": {"GET": DESK, "POST": DESK},
    "learner_create": {"GET": DESK, "POST": DESK},
    "learner_detail": {"GET": DESK},
    "learner_edit": {"GET": DESK, "POST": DESK},
    "learner_ladder": {"GET": DESK},
    "learner_line_up": {"POST": DESK},
    "learner_sheet": {"GET": DESK},
    "learner_certificate": {"GET": DESK},
    "learner_history": {"GET": DESK},
    "learner_emergency": {"POST": DESK},
    "learner_emergency_edit": {"GET": DESK, "POST": DESK},
    "learner_deceased": {"GET": DESK, "POST": DESK},
    "learner_deceased_undo": {"POST": PLANNERS},
    "learner_number_add": {"GET": DESK, "POST": DESK},
    "learner_number_edit": {"GET": DESK, "POST": DESK},
    "learner_number_remove": {"GET": DESK, "POST": DESK},
    "learner_number_consent": {"GET": DESK, "POST": DESK},
    "learner_merge_choose": {"GET": PLANNERS, "POST": PLANNERS},
    "learner_merge": {"GET": PLANNERS, "POST": PLANNERS},
    "learner_merge_undo": {"POST": PLANNERS},
    # Accounts and roles. Nobody deletes an account: it ends, its name stays in the log (rule 70).
    # Signing in and out and one's own password have our pages above, not the admin's.
    "admin:index": {"GET": ADMINISTRATORS},
    "admin:jsi18n": {"GET": ADMINISTRATORS},
    "admin:staff_staffmember_delete": {},
    "admin:login": {},
    "admin:logout": {},
    "admin:password_change": {},
    "admin:password_change_done": {},
    "admin:autocomplete": {},
    "admin:view_on_site": {},
    "admin:*": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
}


def may_open(user: "StaffMember | AnonymousUser", route: str, method: str = "GET") -> bool:
    """Whether the table lets this person use a route (for links and buttons)."""
    return admits((row_of(ROUTES, route) or {}).get(method, frozenset()), user)
