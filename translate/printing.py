"""Text that may be made of any bytes, such as the name of a file, made fit to be shown."""


def printable(text: str, kept: str = "") -> str:
    """Spell out what cannot be printed, so that it neither moves a cursor nor ends a line.

    Args:
        kept: Characters that are left as they are though Python takes them for unprintable.
    """
    return "".join(c if c.isprintable() or c in kept else ascii(c)[1:-1] for c in text)
