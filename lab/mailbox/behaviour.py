"""Switches that make the mail server answer late or refuse, for all recipients or for some."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_RULES = 1000


class Behaviour(BaseModel):
    """What to do at RCPT, before the message is handed over."""

    model_config = ConfigDict(extra="forbid")

    delay_s: float = Field(0, ge=0, le=300, description="Seconds before the answer.")
    delay_only: str = Field("", description="Only for addresses that contain this.")
    fail_next: int = Field(0, ge=0, description="Refuse so many recipients, then accept.")
    fail_share: float = Field(0, ge=0, le=1, description="Refuse this share, at random.")
    fail_code: Literal[451, 550] = Field(451, description="451: try again. 550: never.")
    fail_only: str = Field("", description="Only for addresses that contain this.")

    @property
    def idle(self) -> bool:
        return not (self.delay_s or self.fail_next or self.fail_share)


class Rules:
    """The switches that are on: one for each pair of `delay_only` and `fail_only`.

    So tests that run at the same time do not undo each other's switches.
    """

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str], Behaviour] = {}
        self._changed = asyncio.Event()

    def __iter__(self) -> Iterator[Behaviour]:
        return iter(list(self._rules.values()))

    def put(self, rule: Behaviour) -> None:
        """Replace the rule for the same addresses; one that changes nothing removes it."""
        key = (rule.delay_only, rule.fail_only)
        self._rules.pop(key, None)
        if not rule.idle:
            self._rules[key] = rule
        while len(self._rules) > MAX_RULES:
            del self._rules[next(iter(self._rules))]
        self._tell_the_waiting()

    def clear(self) -> None:
        """Accept everything at once."""
        self._rules.clear()
        self._tell_the_waiting()

    async def wait(self, address: str) -> None:
        """Wait for the longest delay that applies; a client that leaves ends it.

        A switch that is turned meanwhile counts at once, also for the clients that wait.
        """
        clock = asyncio.get_running_loop().time
        started = clock()
        while (left_s := started + self._delay_s(address) - clock()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._changed.wait()

    def _delay_s(self, address: str) -> float:
        return max((rule.delay_s for rule in self if rule.delay_only in address), default=0)

    def _tell_the_waiting(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def refusal(self, address: str) -> str | None:
        """Return the SMTP answer that refuses this recipient, or None to accept."""
        for rule in self:
            if rule.fail_only in address and _refuses(rule):
                return ANSWERS[rule.fail_code]
        return None


ANSWERS = {
    451: "451 4.3.0 Try again later: the behaviour switch of this mail server is on",
    550: "550 5.1.1 No such mailbox: the behaviour switch of this mail server is on",
}


def _refuses(rule: Behaviour) -> bool:
    if rule.fail_next:
        rule.fail_next -= 1
        return True
    return random.random() < rule.fail_share
