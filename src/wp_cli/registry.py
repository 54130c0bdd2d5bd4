"""Every command by name, with the module that holds it; modules are imported only when their command is called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wp_cli.command import Command


class Entry(NamedTuple):
    """Where a command lives: `module` below `wp_cli.commands`, name of the `Command` in it, one line for the help."""

    module: str
    attribute: str
    summary: str
    hidden: bool = False


COMMANDS: dict[str, Entry] = {
    "artifact build": Entry("artifact", "BUILD", "Build a new versioned artifact from source"),
    "artifact list": Entry("artifact", "LIST", "List pushed artifacts"),
    "artifact list-builds": Entry("artifact", "LIST_BUILDS", "List builds"),
    "artifact push": Entry("artifact", "PUSH", "Push the newest build to its registry"),
    "auth-method delete": Entry("auth_method", "DELETE", "Delete an auth method"),
    "auth-method inspect": Entry("auth_method", "INSPECT", "Show an auth method"),
    "auth-method list": Entry("auth_method", "LIST", "List the ways to log in"),
    "auth-method set oidc": Entry("auth_method", "SET_OIDC", "Let people log in at an OpenID Connect provider"),
    "completion": Entry("completion", "COMPLETION", "Print a completion script for bash, zsh or fish"),
    "config delete": Entry("config", "DELETE", "Delete configuration variables"),
    "config get": Entry("config", "GET", "Show configuration variables"),
    "config set": Entry("config", "SET", "Set configuration variables"),
    "config source-delete": Entry("config_source", "DELETE_COMMAND", "Remove the settings of a config source"),
    "config source-get": Entry("config_source", "GET", "Show the settings of config sources"),
    "config source-set": Entry("config_source", "SET", "Set how a source of dynamic variables is reached"),
    "config sync": Entry("config", "SYNC", "Send variables and pipelines of waypoint.hcl to the server"),
    "context clear": Entry("context", "CLEAR", "Unset the default context"),
    "context create": Entry("context", "CREATE", "Store a server connection"),
    "context delete": Entry("context", "DELETE", "Delete a context"),
    "context inspect": Entry("context", "INSPECT", "Show a context"),
    "context list": Entry("context", "LIST", "List contexts"),
    "context rename": Entry("context", "RENAME", "Rename a context"),
    "context set": Entry("context", "SET", "Store a default workspace in the default context"),
    "context use": Entry("context", "USE", "Make a context the default"),
    "context verify": Entry("context", "VERIFY", "Check that a context's server accepts us"),
    "deployment deploy": Entry("deployment", "DEPLOY", "Deploy the newest pushed artifact"),
    "deployment destroy": Entry("deployment", "DESTROY", "Destroy deployments"),
    "deployment list": Entry("deployment", "LIST", "List deployments"),
    "destroy": Entry("destroy", "DESTROY", "Destroy everything that the apps created in the workspace"),
    "docs": Entry("docs", "DOCS", "Show what plugins do and the arguments they take"),
    "exec": Entry("exec", "EXEC", "Run a command inside a running instance"),
    "fmt": Entry("fmt", "FMT", "Rewrite waypoint.hcl in the canonical format"),
    "hostname delete": Entry("hostname", "DELETE", "Delete a hostname"),
    "hostname list": Entry("hostname", "LIST", "List hostnames"),
    "hostname register": Entry("hostname", "REGISTER", "Give an app a hostname"),
    "init": Entry("init", "INIT", "Check the configuration and register project and apps"),
    "job cancel": Entry("job", "CANCEL", "Cancel a job"),
    "job explain": Entry("job", "EXPLAIN", "Say why a job is where it is"),
    "job get-stream": Entry("job", "GET_STREAM", "Follow the output of a job"),
    "job inspect": Entry("job", "INSPECT", "Show a job"),
    "job list": Entry("job", "LIST", "List jobs"),
    "login": Entry("login", "LOGIN", "Log in to a server"),
    "logout": Entry("login", "LOGOUT", "End the login of a context"),
    "logs": Entry("logs", "LOGS", "Stream the logs of an app"),
    "pipeline inspect": Entry("pipeline", "INSPECT", "Show a pipeline or one of its runs"),
    "pipeline list": Entry("pipeline", "LIST", "List pipelines"),
    "pipeline run": Entry("pipeline", "RUN", "Run a pipeline"),
    "project apply": Entry("project", "APPLY", "Create or update a project"),
    "project destroy": Entry("project", "DESTROY", "Destroy a project with everything that its apps created"),
    "project inspect": Entry("project", "INSPECT", "Show a project"),
    "project list": Entry("project", "LIST", "List projects"),
    "release": Entry("release", "RELEASE", "Release a deployment"),
    "release list": Entry("release", "LIST", "List releases"),
    "runner adopt": Entry("runner", "ADOPT", "Let a runner work that asked for adoption"),
    "runner agent": Entry("runner_agent", "AGENT", "Run a runner"),
    "runner forget": Entry("runner", "FORGET", "Delete what the server knows of a runner"),
    "runner inspect": Entry("runner", "INSPECT", "Show a runner"),
    "runner install": Entry("runner_install", "INSTALL", "Put a runner on a platform"),
    "runner list": Entry("runner", "LIST", "List runners"),
    "runner profile delete": Entry("runner_profile", "DELETE", "Delete a runner profile"),
    "runner profile edit": Entry("runner_profile", "EDIT", "Change a profile's plugin configuration in an editor"),
    "runner profile inspect": Entry("runner_profile", "INSPECT", "Show a runner profile"),
    "runner profile list": Entry("runner_profile", "LIST_PROFILES", "List runner profiles"),
    "runner profile set": Entry("runner_profile", "SET", "Create or change a runner profile"),
    "runner reject": Entry("runner", "REJECT", "Refuse a runner"),
    "runner token": Entry("runner", "TOKEN", "Make a token for a runner"),
    "runner uninstall": Entry("runner_install", "UNINSTALL", "Remove a runner from its platform"),
    "server audit": Entry("audit", "AUDIT", "Show who changed what"),
    "server bootstrap": Entry("server", "BOOTSTRAP", "Get the first token of a new server"),
    "server config-set": Entry("server", "CONFIG_SET", "Set the address that deployed apps and runners connect to"),
    "server cookie": Entry("server", "COOKIE", "Print the cookie with which runners ask for adoption"),
    "server install": Entry("server_install", "INSTALL", "Install a server and a runner on a platform"),
    "server restore": Entry("server_snapshot", "RESTORE", "Replace the server's state by that of a snapshot"),
    "server key list": Entry("signing_key", "LIST", "List the keys that sign tokens"),
    "server key retire": Entry("signing_key", "RETIRE", "End all tokens of an old key"),
    "server key rotate": Entry("signing_key", "ROTATE", "Sign tokens with a new key from now on"),
    "server run": Entry("server", "RUN", "Run the server in the foreground"),
    "server snapshot": Entry("server_snapshot", "SNAPSHOT", "Write the server's whole state into a file"),
    "server status": Entry("server", "STATUS", "Show the server embedded in this command line"),
    "server stop": Entry("server", "STOP", "Stop the server embedded in this command line"),
    "server uninstall": Entry("server_install", "UNINSTALL", "Remove an installed server"),
    "server upgrade": Entry("server_install", "UPGRADE", "Replace an installed server by one of another image"),
    "status": Entry("status", "STATUS", "Show the health of projects and apps"),
    "task cancel": Entry("task", "CANCEL", "Cancel a task"),
    "task inspect": Entry("task", "INSPECT", "Show a task with its jobs"),
    "task list": Entry("task", "LIST", "List what was launched for jobs"),
    "token exchange": Entry("token", "EXCHANGE", "Exchange an invite for a login token"),
    "token invite": Entry("token", "INVITE", "Print an invite for yourself"),
    "token new": Entry("token", "NEW", "Print a login token that never ends"),
    "token revoke": Entry("token", "REVOKE", "End a token before its time"),
    "trigger create": Entry("trigger", "CREATE", "Create a URL that starts an operation"),
    "trigger delete": Entry("trigger", "DELETE", "Delete a trigger"),
    "trigger inspect": Entry("trigger", "INSPECT", "Show a trigger"),
    "trigger list": Entry("trigger", "LIST_TRIGGERS", "List triggers"),
    "trigger update": Entry("trigger", "UPDATE", "Change a trigger"),
    "up": Entry("up", "UP", "Build, deploy and release"),
    "user delete": Entry("user", "DELETE", "Delete a user, and so end all tokens of it"),
    "user grant": Entry("user", "GRANT", "Say what a user may do, and where"),
    "user inspect": Entry("user", "INSPECT", "Show a user"),
    "user invite": Entry("user", "INVITE", "Print an invite for somebody new, or for yourself"),
    "user list": Entry("user", "LIST", "List the users with what they may do"),
    "user modify": Entry("user", "MODIFY", "Change the names of a user"),
    "user revoke": Entry("user", "REVOKE", "End every token that a user has now"),
    "user token": Entry("user", "TOKEN", "Print a login token, or one for triggers"),
    "validate": Entry("validate", "VALIDATE", "Check waypoint.hcl without touching a platform"),
    "version": Entry("version", "VERSION_COMMAND", "Print the version of this command line and of the server"),
    "workspace create": Entry("workspace", "CREATE", "Create a workspace"),
    "workspace inspect": Entry("workspace", "INSPECT", "Show a workspace"),
    "workspace list": Entry("workspace", "LIST", "List workspaces"),
}

ALIASES = {"build": "artifact build", "deploy": "deployment deploy", "install": "server install"}

GROUPS = {
    "artifact": "Build, push and list artifacts",
    "auth-method": "Manage ways to log in",
    "auth-method set": "Create or replace ways to log in",
    "config": "Manage configuration variables",
    "context": "Manage server connections",
    "deployment": "Create, list and destroy deployments",
    "hostname": "Manage hostnames of apps",
    "job": "Look at and cancel jobs",
    "pipeline": "Run several operations as one",
    "project": "Manage projects",
    "runner": "Run and manage runners",
    "runner profile": "Manage how runners are launched for single jobs",
    "server": "Run and manage servers",
    "server key": "Manage the keys that sign tokens",
    "token": "Make and end tokens",
    "user": "Manage users",
    "task": "Look at and cancel what was launched for jobs",
    "trigger": "Manage URLs that start operations",
    "workspace": "Look at workspaces",
}

COMMON = ("login", "build", "deploy", "release", "status", "up")


def longest_command(words: list[str]) -> tuple[str, int]:
    """Name of the command or group that the longest prefix of `words` spells, and the number of words it took.

    ("", 0) if none.
    """
    for count in range(min(3, len(words)), 0, -1):
        name = " ".join(words[:count])
        if name in COMMANDS or name in GROUPS or name in ALIASES:
            return name, count
    return "", 0


def subcommands(group: str) -> dict[str, str]:
    """Summaries of the commands of a group, by their last word."""
    prefix = f"{group} "
    return {name[len(prefix) :]: entry.summary for name, entry in COMMANDS.items() if name.startswith(prefix)}


def load(name: str) -> Command:
    """Import and return the command called `name` (an alias counts)."""
    entry = COMMANDS[ALIASES.get(name, name)]
    command: Command = getattr(importlib.import_module(f"wp_cli.commands.{entry.module}"), entry.attribute)
    return command
