"""Errors that a person may see, and the one that ends a cancelled operation.

A plugin raises `PluginError` for everything the user can do something about; any other exception is a defect of the
plugin and is logged with its traceback while the user sees one sentence.
"""

from __future__ import annotations


class PluginError(Exception):
    """A failure to show to the user as one sentence: what happened, where, and what to do.

    `what` is a full sentence ("The image has no command"). `where` names the place (a file,
    an image, a container). `do` is the next step in the imperative. `output` is what a failing program said last; it
    is shown below the sentence, so it should be short (tens of lines).
    """

    def __init__(self, what: str, where: str = "", do: str = "", output: str = "") -> None:
        self.what = what
        self.where = where
        self.do = do
        self.output = output
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.do:
            text = f"{text.rstrip('.')}. {self.do}" if text else self.do
        if self.output:
            text = f"{text}\n{self.output.rstrip()}"
        return text


class Cancelled(Exception):
    """The operation was cancelled (Ctrl-C, `waypoint job cancel`). Never shown as a failure of the plugin."""

    def __init__(self, why: str = "the operation was cancelled") -> None:
        super().__init__(why)
