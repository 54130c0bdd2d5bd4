"""What draws the terminal events of a job: on a terminal, as plain lines, or as JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from wp_cli.render.screen import Screen
    from wp_proto.waypoint import api as pb

    TerminalEvent: TypeAlias = pb.GetJobStreamResponse.Terminal.Event


class Renderer(Protocol):
    """Draws events in the order in which they come."""

    def event(self, event: TerminalEvent) -> None:
        """Draw one event."""

    def notice(self, text: str, style: str = "") -> None:
        """Draw a line of our own between the events."""

    def finish(self, *, ok: bool) -> None:
        """Close what is still open, as done or as failed, and give the terminal back."""


def renderer_for(screen: Screen, *, json: bool, app: str = "", results: bool = False) -> Renderer:
    """Return the renderer that fits: JSON if asked for, the live one on a capable terminal, else the plain one.

    `results` says that the output is what the command is for, and not its progress: then plain lines go to stdout.
    """
    if json:
        from wp_cli.render.jsonl import JsonRenderer

        return JsonRenderer(screen, app)
    if screen.interactive and screen.environ.get("TERM") != "dumb":
        from wp_cli.render.live import LiveRenderer

        return LiveRenderer(screen)
    from wp_cli.render.plain import PlainRenderer

    return PlainRenderer(screen.out if results else screen.err, unicode=screen.unicode)
