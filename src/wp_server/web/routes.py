"""The routes of the JSON API as data: RPC, method, path below `/v1` (the wire's facts; server.md §1.7).

Braces hold the field of the request that a part of the path fills. POST and PUT take the rest of the request as a JSON
body, GET and DELETE as query parameters. A line that begins with a space continues the path above. Two differences:
single triggers are below `/triggers/`, because `/v1/trigger/ID` is the URL that runs one, whatever the method; and
calls of the hosted product that are not in the service answer 501.
"""

from __future__ import annotations

from typing import NamedTuple

ROUTES = """
GetVersionInfo               GET    /version
ListOIDCAuthMethods          GET    /oidc/methods
GetOIDCAuthURL               POST   /oidc/{auth_method.name}/url
CompleteOIDCAuth             POST   /oidc/{auth_method.name}/complete
NoAuthRunTrigger             POST   /triggers/no-auth/{ref.id}/run
GetUser                      GET    /user/by-id/{user.id.id}
GetUser                      GET    /user/by-username/{user.username.username}
ListUsers                    GET    /users
UpdateUser                   PUT    /user/{user.id}
DeleteUser                   DELETE /user/by-id/{user.id.id}
DeleteUser                   DELETE /user/by-username/{user.username.username}
UpsertAuthMethod             POST   /auth-method
GetAuthMethod                GET    /auth-method/{auth_method.name}
ListAuthMethods              GET    /auth-methods
DeleteAuthMethod             DELETE /auth-method/{auth_method.name}
ListWorkspaces               GET    /workspaces
ListWorkspaces               GET    /project/{project.project}/workspaces
ListWorkspaces               GET    /project/{application.project}/application/{application.application}/workspaces
GetWorkspace                 GET    /workspace/{workspace.workspace}
UpsertWorkspace              POST   /workspace
UpsertProject                POST   /project
GetProject                   GET    /project/{project.project}
ListProjects                 GET    /projects
DestroyProject               DELETE /project/{project.project}
GetApplication               GET    /project/{application.project}/application/{application.application}
UpsertApplication            POST   /project/{project.project}/application
ListBuilds                   GET    /project/{application.project}/application/{application.application}/builds
ListBuilds                   GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/builds
GetBuild                     GET    /build/{ref.id}
GetBuild                     GET    /project/{ref.sequence.application.project}/application
                                    /{ref.sequence.application.application}/build/{ref.sequence.number}
GetLatestBuild               GET    /project/{application.project}/application/{application.application}/build/latest
GetLatestBuild               GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/build/latest
ListPushedArtifacts          GET    /project/{application.project}/application/{application.application}/artifacts
ListPushedArtifacts          GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/artifacts
GetPushedArtifact            GET    /artifact/{ref.id}
GetPushedArtifact            GET    /project/{ref.sequence.application.project}/application
                                    /{ref.sequence.application.application}/artifact/{ref.sequence.number}
GetLatestPushedArtifact      GET    /project/{application.project}/application/{application.application}/artifact
                                    /latest
GetLatestPushedArtifact      GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/artifact/latest
ListDeployments              GET    /project/{application.project}/application/{application.application}/deployments
ListDeployments              GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/deployments
GetDeployment                GET    /deployment/{ref.id}
GetDeployment                GET    /project/{ref.sequence.application.project}/application
                                    /{ref.sequence.application.application}/deployment/{ref.sequence.number}
GetLatestDeployment          GET    /project/{application.project}/application/{application.application}/deployment
                                    /latest
GetLatestDeployment          GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/deployment/latest
ListInstances                GET    /instances/{deployment_id}
ListInstances                GET    /project/{application.application.project}/application
                                    /{application.application.application}/instances
ListInstances                GET    /project/{application.application.project}/application
                                    /{application.application.application}/workspace/{application.workspace.workspace}/instances
ListReleases                 GET    /project/{application.project}/application/{application.application}/releases
ListReleases                 GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/releases
GetRelease                   GET    /release/{ref.id}
GetRelease                   GET    /project/{ref.sequence.application.project}/application
                                    /{ref.sequence.application.application}/release/{ref.sequence.number}
GetLatestRelease             GET    /project/{application.project}/application/{application.application}/release
                                    /latest
GetLatestRelease             GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/release/latest
ListStatusReports            GET    /project/{application.project}/application/{application.application}
                                    /status-reports
ListStatusReports            GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/status-reports
GetStatusReport              GET    /release/by-id/{ref.id}
GetLatestStatusReport        GET    /project/{application.project}/application/{application.application}
                                    /status-report/latest
GetLatestStatusReport        GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/status-report/latest
ExpediteStatusReport         PUT    /deployment/{deployment.id}/status-report
ExpediteStatusReport         PUT    /release/{release.id}/status-report
ExpediteStatusReport         PUT    /project/{deployment.sequence.application.project}/application
                                    /{deployment.sequence.application.application}/deployment/{deployment.sequence.number}/status-report
ExpediteStatusReport         PUT    /project/{release.sequence.application.project}/application
                                    /{release.sequence.application.application}/release/{release.sequence.number}/status-report
GetLogStream                 POST   /deployment/{deployment_id}/logs
GetLogStream                 POST   /project/{application.application.project}/application
                                    /{application.application.application}/logs
GetLogStream                 POST   /project/{application.application.project}/application
                                    /{application.application.application}/workspace/{application.workspace.workspace}/logs
StartExecStream              POST   /exec
GetConfig                    GET    /project/{application.project}/application/{application.application}/config
GetConfig                    GET    /project/{project.project}/config
GetConfig                    GET    /project/{application.project}/{application.application}/config
SetConfig                    PUT    /project/config
DeleteConfig                 PUT    /project/config/delete
SetConfigSource              PUT    /config-source
DeleteConfigSource           PUT    /config-source/delete
GetConfigSource              GET    /config-source
CreateHostname               POST   /project/{target.application.application.project}/application
                                    /{target.application.application.application}/hostname
CreateHostname               POST   /project/{target.application.application.project}/application
                                    /{target.application.application.application}/workspace/{target.application.workspace.workspace}/hostname
DeleteHostname               DELETE /hostname/{hostname}
ListHostnames                GET    /project/{target.application.application.project}/application
                                    /{target.application.application.application}/hostnames
ListHostnames                GET    /project/{target.application.application.project}/application
                                    /{target.application.application.application}/workspace/{target.application.workspace.workspace}/hostnames
QueueJob                     POST   /jobs/queue
CancelJob                    PUT    /jobs/cancel/{job_id}
GetJob                       GET    /jobs/{job_id}
ListJobs                     GET    /jobs/workspace/{workspace.workspace}
ListJobs                     GET    /jobs/workspace/{workspace.workspace}/state/{jobState}
ListJobs                     GET    /jobs/project/{project.project}
ListJobs                     GET    /jobs/state/{jobState}
ListJobs                     GET    /jobs/runner/by-id/{targetRunner.id.id}
ValidateJob                  POST   /jobs/validateJob
GetJobStream                 GET    /jobs/stream/{job_id}
GetRunner                    GET    /runner/{runner_id}
ListRunners                  GET    /runners
AdoptRunner                  POST   /runner/{runner_id}/adopt
ForgetRunner                 POST   /runner/{runner_id}/forget
GetServerConfig              GET    /server/config
SetServerConfig              POST   /server/config
DecodeToken                  POST   /token/decode
GenerateInviteToken          POST   /token/invite
GenerateLoginToken           POST   /token/login
GenerateRunnerToken          POST   /token/runner
ConvertInviteToken           POST   /token/exchange
WaypointHclFmt               POST   /hcl/format
UpsertOnDemandRunnerConfig   POST   /runner/on-demand
GetOnDemandRunnerConfig      GET    /on-demand-runner/by-id/{config.id}
GetOnDemandRunnerConfig      GET    /on-demand-runner/by-name/{config.name}
ListOnDemandRunnerConfigs    GET    /on-demand-runners
GetTask                      GET    /task/{ref.id}
GetTask                      GET    /task/by-job/{ref.job_id}
ListTask                     GET    /tasks
CancelTask                   PUT    /task/{ref.id}/cancel
CancelTask                   PUT    /task/by-job/{ref.job_id}/cancel
UpsertTrigger                POST   /triggers
GetTrigger                   GET    /triggers/{ref.id}
DeleteTrigger                DELETE /triggers/{ref.id}
ListTriggers                 GET    /triggers
ListTriggers                 GET    /project/{project.project}/triggers
ListTriggers                 GET    /project/{application.project}/application/{application.application}/triggers
ListTriggers                 GET    /project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/triggers
RunTrigger                   PUT    /triggers/{ref.id}/run
ListPipelines                GET    /project/{project.project}/pipelines
GetPipeline                  GET    /project/{pipeline.owner.project.project}/pipeline/{pipeline.owner.pipeline_name}
GetPipeline                  GET    /pipeline/{pipeline.id}
RunPipeline                  POST   /project/{pipeline.owner.project.project}/pipeline/{pipeline.owner.pipeline_name}
                                    /run
RunPipeline                  POST   /pipeline/{pipeline.id}/run
GetPipelineRun               GET    /project/{pipeline.owner.project.project}/pipeline/{pipeline.owner.pipeline_name}
                                    /run/{sequence}
GetPipelineRun               GET    /pipeline/{pipeline.id}/run/{sequence}
GetLatestPipelineRun         GET    /project/{pipeline.owner.project.project}/pipeline/{pipeline.owner.pipeline_name}
                                    /latest-run
GetLatestPipelineRun         GET    /pipeline/{pipeline.id}/latest-run
ListPipelineRuns             GET    /project/{pipeline.owner.project.project}/pipeline/{pipeline.owner.pipeline_name}
                                    /runs
ListPipelineRuns             GET    /pipeline/{pipeline.id}/runs
ConfigSyncPipeline           POST   /project/{project.project}/config-sync-pipeline
UI_ListProjects              GET    /ui/projects
UI_GetProject                GET    /ui/project/{project.project}
UI_ListDeployments           GET    /ui/project/{application.project}/application/{application.application}
                                    /deployments
UI_GetDeployment             GET    /ui/deployment/{ref.id}
UI_GetDeployment             GET    /ui/project/{ref.sequence.application.project}/application
                                    /{ref.sequence.application.application}/deployment/{ref.sequence.number}
UI_ListReleases              GET    /ui/project/{application.project}/application/{application.application}/releases
UI_ListPipelines             GET    /ui/project/{project.project}/pipelines
UI_ListPipelineRuns          GET    /ui/project/{pipeline.owner.project.project}/pipelines
                                    /{pipeline.owner.pipeline_name}/runs
UI_GetPipelineRun            GET    /ui/pipeline/{pipeline.id}/run/{sequence}
UI_GetPipelineRun            GET    /ui/project/{pipeline.owner.project.project}/pipeline
                                    /{pipeline.owner.pipeline_name}/run/{sequence}
CreateProjectTemplate        POST   /project-template
UpdateProjectTemplate        PUT    /project-template/{project_template.id}
GetProjectTemplate           GET    /project-template/{project_template.id}
GetProjectTemplate           GET    /project-template/by-name/{project_template.name}
DeleteProjectTemplate        DELETE /project-template/{project_template.id}
ListProjectTemplates         GET    /project-templates
CreateProjectFromTemplate    POST   /project/from-template
GetTFCRunStatus              GET    /project/{project.project}/tfc-run-status
GetTFRunStatus               GET    /tf-run-status/{workspace_name}
CreateAddOnDefinition        POST   /add-on-definition
GetAddOnDefinition           GET    /add-on-definition/by-id/{add_on_definition.id}
GetAddOnDefinition           GET    /add-on-definition/by-name/{add_on_definition.name}
ListAddOnDefinitions         GET    /add-on-definitions
UpdateAddOnDefinition        PUT    /add-on-definition
DeleteAddOnDefinition        DELETE /add-on-definition/by-id/{add_on_definition.id}
DeleteAddOnDefinition        DELETE /add-on-definition/by-name/{add_on_definition.name}
CreateAddOn                  POST   /add-on
GetAddOn                     GET    /add-on/{add_on.id}
UpdateAddOn                  PUT    /add-on
DestroyAddOn                 DELETE /add-on/{add_on.id}
ListAddOns                   GET    /add-ons
UI_ListEvents                GET    /ui/project/{application.project}/application/{application.application}/events
UI_ListEvents                GET    /ui/project/{application.project}/application/{application.application}/workspace
                                    /{workspace.workspace}/events
"""


class JsonRoute(NamedTuple):
    """One way to call an RPC."""

    rpc: str
    method: str
    path: str

    @property
    def has_body(self) -> bool:
        """Returns whether the request comes as a JSON body."""
        return self.method in ("POST", "PUT")


def all_routes() -> list[JsonRoute]:
    """Returns every route; of two that fit the same path the first one counts."""
    rows: list[str] = []
    for line in filter(str.strip, ROUTES.splitlines()):
        if line.startswith(" "):
            rows[-1] += line.strip()
        else:
            rows.append(line)
    # Words before braces: /jobs/queue is not a job named "queue".
    routes = [JsonRoute(*row.split()) for row in rows]
    return sorted(routes, key=lambda route: [part.startswith("{") for part in route.path.split("/")])
