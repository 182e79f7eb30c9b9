"""The switches of the mail server that a reader turns: one of four moods, for all recipients."""

from enum import StrEnum

from .behaviour import Behaviour, Rules

SLOW_S = 8  # the apps wait 10 s for an answer


class Mood(StrEnum):
    """How the mail server treats everybody."""

    NORMAL = "normal"
    SLOW = "slow"
    LATER = "later"
    REFUSE = "refuse"


BEHAVIOURS = {
    Mood.NORMAL: Behaviour(),
    Mood.SLOW: Behaviour(delay_s=SLOW_S),
    Mood.LATER: Behaviour(fail_share=1, fail_code=451),
    Mood.REFUSE: Behaviour(fail_share=1, fail_code=550),
}
EFFECTS = {
    Mood.NORMAL: "takes each mail at once",
    Mood.SLOW: f"answers after {SLOW_S} s",
    Mood.LATER: 'says "try again later" (451) to each mail',
    Mood.REFUSE: 'says "no such mailbox" (550) to each mail',
}


def turn(rules: Rules, mood: Mood) -> None:
    """Treat everybody so; rules for some addresses stay."""
    rules.put(BEHAVIOURS[mood].model_copy())


def find_mood(rules: Rules) -> Mood | None:
    """Return how everybody is treated; None if a program has chosen a behaviour of its own."""
    for_all = [rule for rule in rules if not (rule.delay_only or rule.fail_only)]
    if not for_all:
        return Mood.NORMAL
    return next((mood for mood, rule in BEHAVIOURS.items() if for_all == [rule]), None)
