"""The four modes of the mail server that a reader can choose, for all recipients."""

from enum import StrEnum

from .behaviour import Behaviour, Rules

SLOW_S = 8  # the apps wait 10 s for an answer


class Mode(StrEnum):
    """How the mail server answers all recipients."""

    NORMAL = "normal"
    SLOW = "slow"
    LATER = "later"
    REFUSE = "refuse"


BEHAVIOURS = {
    Mode.NORMAL: Behaviour(),
    Mode.SLOW: Behaviour(delay_s=SLOW_S),
    Mode.LATER: Behaviour(fail_share=1, fail_code=451),
    Mode.REFUSE: Behaviour(fail_share=1, fail_code=550),
}
EFFECTS = {
    Mode.NORMAL: "takes each mail at once",
    Mode.SLOW: f"answers after {SLOW_S} s",
    Mode.LATER: 'says "try again later" (451) to each mail',
    Mode.REFUSE: 'says "no such mailbox" (550) to each mail',
}


def turn(rules: Rules, mode: Mode) -> None:
    """Answer all recipients this way; rules for some addresses stay."""
    rules.put(BEHAVIOURS[mode].model_copy())


def find_mode(rules: Rules) -> Mode | None:
    """Return how all are answered; None if a program has chosen a behaviour of its own."""
    for_all = [rule for rule in rules if not (rule.delay_only or rule.fail_only)]
    if not for_all:
        return Mode.NORMAL
    return next((mode for mode, rule in BEHAVIOURS.items() if for_all == [rule]), None)
