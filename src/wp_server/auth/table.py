"""The rule table as data: one row per RPC of all services. `rules` reads it; an RPC without a row is refused.

Columns: name; least role of a user (`open`: nobody needs a token; `anyone`: any user); effect; other callers that may
(R a runner's token, E an entrypoint's, T a trigger's; `-` none); where the object is.

Effects: `read`; `write` (an audit row goes into the transaction of the effect); `act` (there is no transaction, or more
than one, so the audit row is written before the handler runs); `quiet` (a machine's stream or a step that keeps a
record of its own: it is not audited).

Where: `server` the server as a whole; `any` no place in particular; `listed` the handler leaves out what the caller may
not see; otherwise terms `kind=path`, the object at that path of the request (see `scopes`). All objects that are named
must be allowed; a call that names none is about the whole server. A `workspace=` that is not set is all workspaces.
A line that begins with a space continues the row above.
"""

from __future__ import annotations

TABLE = """
GetVersionInfo                 open     read  -   any
BootstrapToken                 open     write -   any
ConvertInviteToken             open     write -   any
DecodeToken                    open     read  -   any
ListOIDCAuthMethods            open     read  -   any
GetOIDCAuthURL                 open     quiet -   any
CompleteOIDCAuth               open     write -   any
RunnerToken                    open     write -   any
NoAuthRunTrigger               open     write -   trigger=ref

GetUser                        anyone   read  -   user=user
ListUsers                      admin    read  -   server
UpdateUser                     anyone   write -   user=user
DeleteUser                     admin    write -   server
GenerateLoginToken             anyone   write -   user=user
GenerateInviteToken            anyone   write R   invite=
GenerateRunnerToken            admin    write -   server
UpsertAuthMethod               admin    write -   server
GetAuthMethod                  admin    read  -   server
ListAuthMethods                admin    read  -   server
DeleteAuthMethod               admin    write -   server

GetServerConfig                viewer   read  R   any
SetServerConfig                admin    write -   server
CreateSnapshot                 admin    act   -   server
RestoreSnapshot                admin    act   -   server
WaypointHclFmt                 viewer   read  -   any

ListKeys                       admin    read  -   server
RotateKey                      admin    write -   server
RetireKey                      admin    write -   server
RevokeToken                    anyone   write -   token=
RevokeUserTokens               admin    write -   server
ListRoles                      admin    read  -   server
SetRoles                       admin    write -   server
ListAuditEvents                admin    read  -   server
ExportAuditEvents              admin    read  -   server

ListWorkspaces                 viewer   read  R   listed
GetWorkspace                   viewer   read  -   listed
UpsertWorkspace                deployer write R   any
UpsertProject                  deployer write R   project=project
GetProject                     viewer   read  R   project=project
ListProjects                   viewer   read  -   listed
DestroyProject                 admin    write R   project=project
GetApplication                 viewer   read  R   application=application
UpsertApplication              deployer write R   project=project
CreateProjectFromTemplate      admin    write -   server

ListBuilds                     viewer   read  R   application=application workspace=workspace
GetBuild                       viewer   read  R   build=ref
GetLatestBuild                 viewer   read  R   application=application workspace=workspace
UpsertBuild                    deployer write R   build=build application=build.application workspace=build.workspace
ListPushedArtifacts            viewer   read  R   application=application workspace=workspace
GetPushedArtifact              viewer   read  R   artifact=ref
GetLatestPushedArtifact        viewer   read  R   application=application workspace=workspace
UpsertPushedArtifact           deployer write R   artifact=artifact application=artifact.application
                                                  workspace=artifact.workspace
ListDeployments                viewer   read  R   application=application workspace=workspace
GetDeployment                  viewer   read  R   deployment=ref
GetLatestDeployment            viewer   read  -   application=application workspace=workspace
UpsertDeployment               deployer write R   deployment=deployment application=deployment.application
                                                  workspace=deployment.workspace
ListReleases                   viewer   read  R   application=application workspace=workspace
GetRelease                     viewer   read  R   release=ref
GetLatestRelease               viewer   read  R   application=application workspace=workspace
UpsertRelease                  deployer write R   release=release application=release.application
                                                  workspace=release.workspace
GetStatusReport                viewer   read  -   report=ref
GetLatestStatusReport          viewer   read  R   application=application workspace=workspace
ListStatusReports              viewer   read  -   application=application workspace=workspace
ExpediteStatusReport           deployer write -   deployment=deployment release=release
UpsertStatusReport             deployer write R   report=status_report application=status_report.application
                                                  workspace=status_report.workspace

ListInstances                  viewer   read  R   deployment=deployment_id application=application.application
                                                  workspace=application.workspace
GetLogStream                   viewer   read  -   deployment=deployment_id application=application.application
                                                  workspace=application.workspace
StartExecStream                deployer act   -   deployment=start.deployment_id instance=start.instance_id
EntrypointConfig               deployer quiet RE  deployment=deployment_id
EntrypointLogStream            deployer quiet RE  instance=instance_id
EntrypointExecStream           deployer quiet RE  instance=open.instance_id

GetConfig                      deployer read  R   application=application project=project workspace=workspace
SetConfig                      deployer write R   variables=variables file=from_file
DeleteConfig                   deployer write -   variables=variables
GetConfigSource                deployer read  -   application=application project=project workspace=workspace
SetConfigSource                deployer write -   source=config_source
DeleteConfigSource             deployer write -   source=config_source

ListHostnames                  viewer   read  R   listed
CreateHostname                 deployer write -   application=target.application.application
                                                  workspace=target.application.workspace
DeleteHostname                 deployer write R   hostname=hostname

QueueJob                       deployer write R   application=job.application workspace=job.workspace
ValidateJob                    deployer read  -   application=job.application workspace=job.workspace
GetJob                         viewer   read  R   job=job_id
ListJobs                       viewer   read  -   listed
CancelJob                      deployer write R   job=job_id
GetJobStream                   viewer   read  RT  job=job_id
ExplainJob                     viewer   read  R   job=job_id
GetTask                        viewer   read  -   task=ref
ListTask                       viewer   read  -   listed
CancelTask                     deployer write -   task=ref

GetRunner                      viewer   read  R   any
ListRunners                    viewer   read  R   any
AdoptRunner                    admin    write -   server
ForgetRunner                   admin    write -   server
RunnerConfig                   deployer quiet R   any
RunnerJobStream                deployer quiet R   any
RunnerGetDeploymentConfig      deployer read  R   any
UpsertOnDemandRunnerConfig     admin    write -   server
GetOnDemandRunnerConfig        deployer read  R   any
GetDefaultOnDemandRunnerConfig deployer read  -   any
DeleteOnDemandRunnerConfig     admin    write -   server
ListOnDemandRunnerConfigs      deployer read  R   any

UpsertTrigger                  deployer write -   trigger=trigger application=trigger.application
                                                  project=trigger.project workspace=trigger.workspace
GetTrigger                     viewer   read  -   trigger=ref
DeleteTrigger                  deployer write -   trigger=ref
ListTriggers                   viewer   read  -   listed
RunTrigger                     deployer write T   trigger=ref

UpsertPipeline                 deployer write R   pipeline=pipeline project=pipeline.project
GetPipeline                    viewer   read  -   pipeline=pipeline
ListPipelines                  viewer   read  -   project=project
RunPipeline                    deployer write -   pipeline=pipeline application=job_template.application
                                                  workspace=job_template.workspace
GetPipelineRun                 viewer   read  -   pipeline=pipeline
GetLatestPipelineRun           viewer   read  -   pipeline=pipeline
ListPipelineRuns               viewer   read  -   pipeline=pipeline
ConfigSyncPipeline             deployer write -   project=project

UI_ListProjects                viewer   read  -   listed
UI_GetProject                  viewer   read  -   project=project
UI_ListPipelines               viewer   read  -   project=project
UI_ListPipelineRuns            viewer   read  -   pipeline=pipeline
UI_GetPipelineRun              viewer   read  -   pipeline=pipeline
UI_ListDeployments             viewer   read  -   application=application workspace=workspace
UI_GetDeployment               viewer   read  -   deployment=ref
UI_ListReleases                viewer   read  -   application=application workspace=workspace
UI_ListEvents                  viewer   read  -   application=application project=project workspace=workspace
"""
