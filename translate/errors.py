"""What can go wrong, by name."""


class TranslateError(Exception):
    """Something the user can put right.

    The message says what happened and where, what was expected and found, and what to do.
    Doors print it as one message and return exit code 2; any other exception is our bug
    and keeps its traceback.
    """


class ConfigError(TranslateError):
    """A recipe or a flag asks for something that cannot be."""


class DataError(TranslateError):
    """A photo or a folder of photos is not what it should be."""


class BundleError(TranslateError):
    """A bundle is missing, damaged, foreign or from a newer version."""


class TrainingError(TranslateError):
    """A run cannot start, go on or be resumed."""


class SharedError(TrainingError):
    """What all processes of a run find alike, so that one of them is enough to say it."""
