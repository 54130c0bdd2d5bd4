"""The rule table: which kind of caller may call which RPC (server.md §2.4). Data first; deny by default.

An RPC without a row is refused. Where a row lets an entrypoint, runner or trigger token in, the handler must still
check that the object is its own: an entrypoint reaches its deployment, a runner its jobs (see `own_*`, `jobs.access`).
"""

from __future__ import annotations

from dataclasses import dataclass

from wp_server.auth.identity import Identity, Kind
from wp_server.errors import PermissionDenied, Unauthenticated


@dataclass(frozen=True)
class Rule:
    """The callers that may call an RPC. Users may call everything."""

    anonymous: bool = False
    runner: bool = False
    entrypoint: bool = False
    trigger: bool = False

    def allows(self, kind: Kind) -> bool:
        """Returns whether a caller of `kind` passes."""
        if self.anonymous or kind is Kind.USER:
            return True
        return {Kind.RUNNER: self.runner, Kind.ENTRYPOINT: self.entrypoint, Kind.TRIGGER: self.trigger}.get(kind, False)


_OPEN = Rule(anonymous=True)
_USER = Rule()
_RUNNER = Rule(runner=True)
_ENTRYPOINT = Rule(runner=True, entrypoint=True)

_GROUPS: tuple[tuple[Rule, str], ...] = (
    (
        _OPEN,
        "BootstrapToken ConvertInviteToken DecodeToken GetVersionInfo ListOIDCAuthMethods GetOIDCAuthURL "
        "CompleteOIDCAuth RunnerToken NoAuthRunTrigger",
    ),
    (_ENTRYPOINT, "EntrypointConfig EntrypointLogStream EntrypointExecStream"),
    (Rule(trigger=True), "RunTrigger"),
    (Rule(runner=True, trigger=True), "GetJobStream"),
    (
        _RUNNER,
        "RunnerConfig RunnerJobStream RunnerGetDeploymentConfig GetServerConfig GetProject GetJob QueueJob "
        "CancelJob GetRunner GetOnDemandRunnerConfig ListOnDemandRunnerConfigs ListRunners "
        "GenerateInviteToken GetDeployment ListDeployments GetPushedArtifact GetLatestPushedArtifact GetBuild "
        "GetLatestBuild ListBuilds ListPushedArtifacts GetRelease GetLatestRelease ListReleases "
        "GetLatestStatusReport GetApplication ListInstances ListWorkspaces UpsertWorkspace UpsertProject "
        "UpsertApplication UpsertBuild UpsertPushedArtifact UpsertDeployment UpsertRelease UpsertStatusReport "
        "UpsertPipeline SetConfig GetConfig ListHostnames DeleteHostname DestroyProject",
    ),
    (
        _USER,
        "GetUser ListUsers UpdateUser DeleteUser UpsertAuthMethod GetAuthMethod ListAuthMethods "
        "DeleteAuthMethod GetWorkspace ListProjects GetLatestDeployment GetStatusReport "
        "ListStatusReports ExpediteStatusReport GetLogStream StartExecStream DeleteConfig SetConfigSource "
        "DeleteConfigSource GetConfigSource CreateHostname ListJobs ValidateJob AdoptRunner ForgetRunner "
        "SetServerConfig CreateSnapshot RestoreSnapshot GenerateLoginToken GenerateRunnerToken WaypointHclFmt "
        "UpsertOnDemandRunnerConfig GetDefaultOnDemandRunnerConfig DeleteOnDemandRunnerConfig GetTask "
        "ListTask CancelTask UpsertTrigger GetTrigger DeleteTrigger ListTriggers RunPipeline GetPipeline "
        "GetPipelineRun GetLatestPipelineRun ListPipelines ListPipelineRuns ConfigSyncPipeline "
        "CreateProjectFromTemplate UI_ListProjects UI_GetProject UI_ListPipelines UI_ListPipelineRuns "
        "UI_GetPipelineRun UI_ListDeployments UI_GetDeployment UI_ListReleases UI_ListEvents",
    ),
)

RULES: dict[str, Rule] = {rpc: rule for rule, rpcs in _GROUPS for rpc in rpcs.split()}
"""RPC name → rule."""


def check(rpc: str, identity: Identity) -> None:
    """Errors: Unauthenticated without a token, PermissionDenied when this kind of caller may not call `rpc`."""
    rule = RULES.get(rpc)
    if rule is None:
        raise PermissionDenied(f"{rpc} is not open to anybody on this server.")
    if rule.allows(identity.kind):
        return
    if identity.kind is Kind.ANONYMOUS:
        raise Unauthenticated("Authorization token is not supplied")
    raise PermissionDenied(f"A {identity.kind.value} token may not call {rpc}.")


def own_deployment(identity: Identity, deployment_id: str) -> None:
    """Errors: PermissionDenied when an entrypoint token asks for a deployment that is not its own."""
    if identity.kind is Kind.ENTRYPOINT and identity.deployment_id != deployment_id:
        raise PermissionDenied("This token belongs to another deployment.")


def own_runner(identity: Identity, runner_id: str) -> None:
    """Errors: PermissionDenied when a runner token acts for a runner that is not its own (§8.4 1)."""
    if identity.kind is Kind.RUNNER and identity.runner_id and identity.runner_id.lower() != runner_id.lower():
        raise PermissionDenied("This token belongs to another runner.")
