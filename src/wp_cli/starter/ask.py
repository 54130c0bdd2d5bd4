"""The generator of `waypoint init`: asks for names, plugins and the arguments they require (CLI specification 4.1).

Only plugins that can work with what was chosen before are offered. Enter takes what is proposed, `exit` (or the end of
the input) ends the questions; what was not asked then is as proposed.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli.starter.plan import AppPlan, Argument, ProjectPlan, Stage, slug, text_of
from wp_config import Diagnostics, Source
from wp_config.model import Project
from wp_config.records import Context, VariableInputs
from wp_runner.chain import chain_problems
from wp_runner.plugins import PluginHost
from wp_sdk.component import ComponentKind

if TYPE_CHECKING:
    from wp_cli.render.screen import Screen
    from wp_sdk.schema import Attribute

EXIT = "exit"
NONE = "none"

STAGES = {
    "build": ComponentKind.BUILDER,
    "registry": ComponentKind.REGISTRY,
    "deploy": ComponentKind.PLATFORM,
    "release": ComponentKind.RELEASE_MANAGER,
}
QUESTIONS = {
    "build": "How is it built?",
    "registry": "Where is the result pushed to?",
    "deploy": "Where does it run?",
    "release": "How does it get its address?",
}
OPTIONAL = frozenset({"registry", "release"})
TRIAL = "trial"


class Left(Exception):
    """The user ended the questions."""


class Questions:
    """One round of questions about one application."""

    def __init__(self, screen: Screen, proposed: ProjectPlan) -> None:
        self._screen = screen
        self._proposed = proposed
        self._host = PluginHost()

    def run(self) -> ProjectPlan:
        """Ask; what is left out stays as proposed."""
        say = self._screen.note
        say("Enter takes the proposal in brackets, exit ends the questions.\n")
        plan, app = self._proposed, self._proposed.apps[0]
        try:
            plan = dataclasses.replace(plan, name=self._name("Name of the project", plan.name))
            if len(plan.apps) > 1:
                say(f"It has the applications {', '.join(other.name for other in plan.apps)}; these are for the first.")
            app = dataclasses.replace(app, name=self._name("Name of the application", app.name))
            for kind in STAGES:
                app = self._stage(app, kind)
        except Left:
            say("The rest stays as proposed.")
        if app.build.plugin != plan.apps[0].build.plugin:
            app = dataclasses.replace(app, found="")
        return dataclasses.replace(plan, apps=(app, *plan.apps[1:]))

    def _ask(self, question: str) -> str:
        answer = self._screen.ask(question)
        if answer is None or answer.lower() == EXIT:
            raise Left
        return answer

    def _name(self, question: str, proposed: str) -> str:
        while True:
            answer = self._ask(f"{question} [{proposed}]:") or proposed
            if slug(answer, "") == answer:
                return answer
            self._screen.note(f"Use lower case letters, digits and hyphens, such as {slug(answer, proposed)}.")

    def _stage(self, app: AppPlan, kind: str) -> AppPlan:
        proposed = app.stage(kind)
        if proposed is not None and app.build.plugin != self._proposed.apps[0].build.plugin:
            proposed = Stage(proposed.plugin)  # its arguments were found with the build that was proposed
        fitting = self._fitting(app, kind)
        if not fitting:
            return app.with_stage(kind, None if kind in OPTIONAL else proposed)
        default = proposed.plugin if proposed is not None and proposed.plugin in fitting else ""
        chosen = self._choose(kind, fitting, default)
        if chosen == NONE:
            return app.with_stage(kind, None)
        stage = proposed if proposed is not None and proposed.plugin == chosen else Stage(chosen)
        return app.with_stage(kind, self._required(stage, kind))

    def _fitting(self, app: AppPlan, kind: str) -> list[str]:
        """Plugins of that kind that can work with what was chosen before."""
        names = [name for name in self._host.names() if self._host.open(name).component(STAGES[kind]) is not None]
        return [name for name in names if self._fits(app, kind, name)]

    def _fits(self, app: AppPlan, kind: str, plugin: str) -> bool:
        if kind == "build":
            return True
        trial = app.with_stage(kind, Stage(plugin))
        if kind == "deploy":
            trial = trial.with_stage("release", None)
        if kind != "registry":
            return self._solves(trial)
        platforms = [n for n in self._host.names() if self._host.open(n).component(ComponentKind.PLATFORM) is not None]
        trial = trial.with_stage("release", None)
        return any(self._solves(trial.with_stage("deploy", Stage(name))) for name in platforms)

    def _solves(self, app: AppPlan) -> bool:
        source = Source(text_of(ProjectPlan(TRIAL, (dataclasses.replace(app, path=""),))), Path.cwd())
        try:
            with Project(source, Context(), VariableInputs(), dry=True) as project:
                return not chain_problems(self._host, project, app.name)
        except Diagnostics:
            return False

    def _choose(self, kind: str, names: list[str], default: str) -> str:
        screen = self._screen
        screen.note(f"\n{QUESTIONS[kind]}")
        width = max(map(len, [*names, NONE]))
        for number, name in enumerate(names, 1):
            screen.note(f"  {number}  {name:<{width}}  {self._purpose(name, kind)}")
        choices = list(names)
        if kind in OPTIONAL:
            choices.append(NONE)
            screen.note(f"  {len(choices)}  {NONE:<{width}}  Leave it out")
            default = default or NONE
        default = default or names[0]
        while True:
            answer = self._ask(f"{kind} [{default}]:") or default
            if answer.isdigit() and 1 <= int(answer) <= len(choices):
                return choices[int(answer) - 1]
            if answer in choices:
                return answer
            near = difflib.get_close_matches(answer, choices, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Answer with a number or one of {', '.join(choices)}."
            screen.note(f"There is no {answer}. {hint}")

    def _purpose(self, plugin: str, kind: str) -> str:
        documentation = self._host.open(plugin).documentation(STAGES[kind])
        return documentation.description.partition("\n\n")[0].rstrip(".") if documentation is not None else ""

    def _required(self, stage: Stage, kind: str) -> Stage:
        """The stage with every required argument that it lacks."""
        component = self._host.component(stage.plugin, STAGES[kind])
        known = {argument.name for argument in stage.arguments}
        added = [self._argument(a) for a in component.schema.attributes if a.required and a.name not in known]
        return dataclasses.replace(stage, arguments=(*stage.arguments, *added))

    def _argument(self, attribute: Attribute) -> Argument:
        screen = self._screen
        warned = False
        while True:
            answer = self._ask(f"  {attribute.name} ({described(attribute)}):")
            if not answer:
                if warned:
                    return Argument(attribute.name, "", f"Required: {attribute.doc}", missing=True)
                warned = True
                screen.note("  It is required. Enter again leaves it for you to fill in later.")
                continue
            try:
                return Argument(attribute.name, value_of(answer, attribute.type))
            except ValueError as err:
                screen.note(f"  {err}")


def described(attribute: Attribute) -> str:
    """What to enter."""
    how = {"list(": "words as in a shell", "map(": "name=value …", "integer": "a whole number", "bool": "true or false"}
    hint = next((text for start, text in how.items() if attribute.type.startswith(start)), "")
    return "; ".join(filter(None, (attribute.doc.rstrip("."), hint)))


def value_of(answer: str, kind: str) -> object:
    """An answer as a value of that type; ValueError says what is expected."""
    if kind.startswith("list("):
        return [value_of(word, kind[5:-1]) for word in shlex.split(answer)]
    if kind.startswith("map("):
        pairs = [word.partition("=") for word in shlex.split(answer)]
        if not all(equals and name for name, equals, _ in pairs):
            raise ValueError("Expected name=value, several separated by spaces.")
        return {name: value_of(value, kind[4:-1]) for name, _, value in pairs}
    if kind in ("integer", "number"):
        value = json.loads(answer) if answer.lstrip("-")[:1].isdigit() else None
        if not isinstance(value, (int, float)) or (kind == "integer" and not isinstance(value, int)):
            raise ValueError("Expected a number.")
        return value
    if kind == "bool":
        if answer.lower() not in ("true", "false"):
            raise ValueError("Expected true or false.")
        return answer.lower() == "true"
    return answer
