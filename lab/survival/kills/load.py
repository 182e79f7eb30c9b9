"""E-mails, reports and pictures without a pause, and what each of them must become."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import httpx
from PIL import Image

from lab.load.samples import encode, make_orders
from lab.survival import posting
from lab.survival.trial import Trial

PAUSE_S = 0.1  # of a client between two requests
CLIENTS = {"email": 2, "report": 1, "image": 1}  # threads that post this kind
ROWS = 20
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Expected:
    """What a job must make: the total of its report, the colour of its picture."""

    total: Decimal | None = None
    colour: Colour | None = None


class Load:
    """Clients that post until `stop`; `expected` has what they were promised, by task."""

    def __init__(self, trial: Trial) -> None:
        self.expected: dict[str, Expected] = {}
        self._trial = trial
        self._done = threading.Event()
        self._lock = threading.Lock()
        makers = {"email": self._email, "report": self._report, "image": self._picture}
        self._threads = [
            threading.Thread(target=self._post_until_done, args=[makers[kind], seed])
            for kind, number in CLIENTS.items()
            for seed in range(number)
        ]

    def start(self) -> None:
        """Begin to post."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Post no more, and wait for the answers that are under way."""
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _post_until_done(
        self, make: Callable[[random.Random], tuple[httpx.Request, Expected]], seed: int
    ) -> None:
        dice = random.Random(seed)
        while not self._done.wait(PAUSE_S):
            request, expected = make(dice)
            answers = posting.post_all([request])
            with self._lock:
                for task_id in self._trial.note(answers):
                    self.expected[task_id] = expected

    def _email(self, dice: random.Random) -> tuple[httpx.Request, Expected]:
        [request] = posting.emails(self._trial.url, 1)
        return request, Expected()

    def _report(self, dice: random.Random) -> tuple[httpx.Request, Expected]:
        orders = make_orders(ROWS, dice.randrange(1_000_000))
        return posting.report(self._trial.url, orders.csv), Expected(total=orders.total)

    def _picture(self, dice: random.Random) -> tuple[httpx.Request, Expected]:
        colour = (dice.randrange(256), dice.randrange(256), dice.randrange(256))
        picture = encode(Image.new("RGB", (64, 48), colour), "PNG")
        return posting.picture(self._trial.url, picture), Expected(colour=colour)
