"""Shows what a measurement is doing: bars on a terminal, plain lines elsewhere."""

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Watch:
    """One bar for each approach; without a terminal, a line for each step."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._name = ""
        self._progress = Progress(
            TextColumn("{task.fields[name]:<22}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            # Drawing costs time on the machine that is being measured.
            refresh_per_second=4,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._progress.stop()

    def begin(self, name: str, steps: int) -> None:
        """Show the next approach, which has this many jobs."""
        self._name = name
        self._task = self._progress.add_task("", total=steps, name=name)

    def say(self, text: str) -> None:
        """Tell what happens to the present approach now."""
        if self.console.is_terminal:
            self._progress.update(self._task, description=text)
        else:
            self.note(f"{self._name}: {text}")

    def note(self, text: str) -> None:
        """Print a line that stays."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def advance(self) -> None:
        """Count one more job as ended."""
        self._progress.advance(self._task)

    def end(self) -> None:
        """Stop the clock of the present approach."""
        self.say("done")
        self._progress.stop_task(self._task)
