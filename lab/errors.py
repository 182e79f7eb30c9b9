"""The one error that a user of the lab reads as a sentence, without a traceback."""


class LabError(Exception):
    """Something that the reader can put right: a folder, a port, a name, a part that fails."""
