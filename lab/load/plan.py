"""How much work a comparison gives to each approach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The jobs of each kind, the orders in a report, and the e-mails in flight at the kill."""

    emails: int = 20
    reports: int = 3
    pictures: int = 6
    orders: int = 10_000
    kill_emails: int = 8

    @property
    def jobs(self) -> int:
        return self.emails + self.reports + self.pictures

    def __str__(self) -> str:
        return (
            f"{_number(self.emails, 'e-mail')}, {_number(self.reports, 'report')}"
            f" of {_number(self.orders, 'order')}, {_number(self.pictures, 'picture')}"
            " of 12 megapixels"
        )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
