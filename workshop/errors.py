"""The error that a learner reads as a sentence, without a traceback."""

from lab.errors import LabError


class WorkshopError(LabError):
    """Something that the learner can put right: a name, a file, an answer to a question."""
