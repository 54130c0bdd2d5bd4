"""The tables. A record's protobuf message in `blob` is authoritative; other columns are taken from it for search.

Conventions (server.md G14): `*_key` is a lower-cased name (identity ignores case, blobs keep the spelling); times are
integers, nanoseconds since 1970 UTC; ids of records are ULIDs as given. Rows without a protobuf message have no blob.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    literal_column,
)

_WHERE = "where"


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of some rows. Its condition is kept aside, because naming an engine here would load its dialect."""
    return Index(name, *columns, unique=unique, info={_WHERE: literal_column(where)})


metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(referred_table_name)s_fk",
        "uq": "%(table_name)s_uq",
    }
)

# Keys, users, settings

hmac_keys = Table(
    "hmac_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("retires", BigInteger),
)

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("username_key", String, nullable=False),
    Column("email_key", String),
    Column("not_before", BigInteger, nullable=False, server_default="0"),
    Column("blob", LargeBinary, nullable=False),
    Index("users_username", "username_key", unique=True),
    Index("users_email", "email_key", unique=True),
)

user_links = Table(
    "user_links",
    metadata,
    Column("issuer", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("user_id", String, nullable=False),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    Index("user_links_user", "user_id"),
)

role_grants = Table(
    "role_grants",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("project_key", String, primary_key=True),
    Column("workspace_key", String, primary_key=True),
    Column("blob", LargeBinary, nullable=False),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
)

auth_methods = Table(
    "auth_methods",
    metadata,
    Column("name_key", String, primary_key=True),
    Column("blob", LargeBinary, nullable=False),
)

oidc_logins = Table(
    "oidc_logins",
    metadata,
    Column("state", String, primary_key=True),
    Column("name_key", String, nullable=False),
    Column("redirect_uri", String, nullable=False),
    Column("nonce", String, nullable=False),
    Column("verifier", String, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("oidc_logins_expires", "expires"),
)

denied_tokens = Table(
    "denied_tokens",
    metadata,
    Column("accessor_id", String, primary_key=True),
    Column("denied", BigInteger, nullable=False),
)

consumed_invites = Table(
    "consumed_invites",
    metadata,
    Column("accessor_id", String, primary_key=True),
    Column("consumed", BigInteger, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", String, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("rpc", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("project_key", String, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("audit_events_actor", "actor", "id"),
    Index("audit_events_project", "project_key", "id"),
    Index("audit_events_time", "time"),
)

# Catalogue

projects = Table(
    "projects",
    metadata,
    Column("project_key", String, primary_key=True),
    Column("blob", LargeBinary, nullable=False),
)

applications = Table(
    "applications",
    metadata,
    Column("project_key", String, primary_key=True),
    Column("app_key", String, primary_key=True),
    Column("blob", LargeBinary, nullable=False),
    ForeignKeyConstraint(["project_key"], ["projects.project_key"], ondelete="CASCADE"),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace_key", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("active", BigInteger, nullable=False),
)

workspace_projects = Table(
    "workspace_projects",
    metadata,
    Column("workspace_key", String, primary_key=True),
    Column("project_key", String, primary_key=True),
    Column("active", BigInteger, nullable=False),
    Column("data_source_ref", LargeBinary),
    ForeignKeyConstraint(["workspace_key"], ["workspaces.workspace_key"], ondelete="CASCADE"),
    ForeignKeyConstraint(["project_key"], ["projects.project_key"], ondelete="CASCADE"),
    Index("workspace_projects_project", "project_key"),
)

workspace_applications = Table(
    "workspace_applications",
    metadata,
    Column("workspace_key", String, primary_key=True),
    Column("project_key", String, primary_key=True),
    Column("app_key", String, primary_key=True),
    Column("active", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["workspace_key", "project_key"],
        ["workspace_projects.workspace_key", "workspace_projects.project_key"],
        ondelete="CASCADE",
    ),
)

# Operation records: builds, pushed artifacts, deployments, releases, status reports

operations = Table(
    "operations",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", Integer, nullable=False),
    Column("project_key", String, nullable=False),
    Column("app_key", String, nullable=False),
    Column("workspace_key", String, nullable=False),
    Column("sequence", BigInteger),
    Column("status", Integer, nullable=False),
    Column("physical_state", Integer, nullable=False),
    Column("start_time", BigInteger, nullable=False),
    Column("complete_time", BigInteger, nullable=False),
    Column("generation_id", String),
    Column("target_id", String),
    Column("job_id", String),
    Column("blob", LargeBinary, nullable=False),
    Index("operations_sequence", "kind", "project_key", "app_key", "sequence", unique=True),
    Index("operations_started", "kind", "project_key", "app_key", "start_time"),
    Index("operations_completed", "kind", "project_key", "app_key", "complete_time"),
    Index("operations_generation", "kind", "project_key", "app_key", "generation_id", "sequence"),
    Index("operations_target", "kind", "target_id"),
    Index("operations_job", "job_id"),
)

sequences = Table(
    "sequences",
    metadata,
    Column("kind", Integer, primary_key=True),
    Column("project_key", String, primary_key=True),
    Column("app_key", String, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

# Configuration

config_vars = Table(
    "config_vars",
    metadata,
    Column("target_hash", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("scope", Integer, nullable=False),
    Column("project_key", String, nullable=False),
    Column("app_key", String, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("config_vars_scope", "scope", "project_key", "app_key", "name"),
    Index("config_vars_project", "project_key"),
)

config_versions = Table(
    "config_versions",
    metadata,
    Column("scope", Integer, primary_key=True),
    Column("project_key", String, primary_key=True),
    Column("app_key", String, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
)

config_sources = Table(
    "config_sources",
    metadata,
    Column("scope", Integer, primary_key=True),
    Column("project_key", String, primary_key=True),
    Column("app_key", String, primary_key=True),
    Column("workspace_key", String, primary_key=True),
    Column("type", String, primary_key=True),
    Column("blob", LargeBinary, nullable=False),
)

# What starts jobs, and names that lead to applications

triggers = Table(
    "triggers",
    metadata,
    Column("id_key", String, primary_key=True),
    Column("project_key", String, nullable=False),
    Column("app_key", String, nullable=False),
    Column("workspace_key", String, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("triggers_project", "project_key"),
)

pipelines = Table(
    "pipelines",
    metadata,
    Column("id", String, primary_key=True),
    Column("project_key", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("pipelines_name", "project_key", "name_key", unique=True),
)

pipeline_runs = Table(
    "pipeline_runs",
    metadata,
    Column("pipeline_id", String, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("blob", LargeBinary, nullable=False),
    ForeignKeyConstraint(["pipeline_id"], ["pipelines.id"], ondelete="CASCADE"),
)

polls = Table(
    "polls",
    metadata,
    Column("kind", Integer, primary_key=True),
    Column("project_key", String, primary_key=True),
    Column("app_key", String, primary_key=True),
    Column("next", BigInteger, nullable=False),
    Column("last", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("job_ids", String, nullable=False, server_default=""),
    Column("known", LargeBinary),
    Column("problem", String, nullable=False, server_default=""),
    ForeignKeyConstraint(["project_key"], ["projects.project_key"], ondelete="CASCADE"),
    Index("polls_next", "next"),
    Index("polls_project", "project_key"),
)

hostnames = Table(
    "hostnames",
    metadata,
    Column("hostname_key", String, primary_key=True),
    Column("project_key", String, nullable=False),
    Column("app_key", String, nullable=False),
    Column("workspace_key", String, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("hostnames_application", "project_key", "app_key", "workspace_key"),
)

# Jobs

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", Integer, nullable=False),
    Column("assignment", BigInteger, nullable=False, server_default="0"),
    Column("operation", String, nullable=False),
    Column("target_kind", Integer, nullable=False),
    Column("target", String, nullable=False),
    Column("queue_time", BigInteger, nullable=False),
    Column("deadline", BigInteger),
    Column("unfinished", Integer, nullable=False, server_default="0"),
    Column("runner_id", String),
    Column("project_key", String, nullable=False),
    Column("app_key", String, nullable=False),
    Column("workspace_key", String, nullable=False),
    Column("lock_project", String),
    Column("lock_app", String),
    Column("lock_workspace", String),
    Column("singleton_key", String),
    Column("queued_by", String, nullable=False),
    Column("output_last", BigInteger, nullable=False, server_default="0"),
    Column("replica", String),
    Column("data_source_ref", LargeBinary),
    Column("blob", LargeBinary, nullable=False),
    _partial("jobs_claim", "target_kind", "target", "queue_time", "id", where="state = 1 AND unfinished = 0"),
    _partial("jobs_singleton", "singleton_key", where="state = 1 AND singleton_key IS NOT NULL", unique=True),
    _partial("jobs_deadline", "deadline", where="deadline IS NOT NULL"),
    Index("jobs_state", "state", "id"),
    Index("jobs_application", "project_key", "app_key", "id"),
    Index("jobs_runner", "runner_id", "state"),
)

job_dependencies = Table(
    "job_dependencies",
    metadata,
    Column("job_id", String, primary_key=True),
    Column("depends_on", String, primary_key=True),
    Column("allow_failure", Boolean, nullable=False),
    ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
    Index("job_dependencies_on", "depends_on"),
)

app_locks = Table(
    "app_locks",
    metadata,
    Column("project_key", String, primary_key=True),
    Column("app_key", String, primary_key=True),
    Column("workspace_key", String, primary_key=True),
    Column("job_id", String, nullable=False),
    Index("app_locks_job", "job_id", unique=True),
)

job_output = Table(
    "job_output",
    metadata,
    Column("job_id", String, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("events", Integer, nullable=False),
    Column("blob", LargeBinary, nullable=False),
)

# Runners

tasks = Table(
    "tasks",
    metadata,
    Column("id", String, primary_key=True),
    Column("work_job", String, nullable=False),
    Column("start_job", String, nullable=False),
    Column("watch_job", String, nullable=False),
    Column("stop_job", String, nullable=False),
    Column("token_accessor", String, nullable=False),
    Column("stop_again", BigInteger),
    Column("stops_failed", Integer, nullable=False, server_default="0"),
    Index("tasks_work_job", "work_job", unique=True),
    Index("tasks_start_job", "start_job", unique=True),
    Index("tasks_watch_job", "watch_job", unique=True),
    Index("tasks_stop_job", "stop_job", unique=True),
    _partial("tasks_stop_again", "stop_again", where="stop_again IS NOT NULL"),
)

runners = Table(
    "runners",
    metadata,
    Column("id", String, primary_key=True),
    Column("adoption", Integer, nullable=False),
    Column("registration", BigInteger, nullable=False),
    Column("online", Boolean, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("label_hash", String, nullable=False),
    Column("replica", String),
    Column("blob", LargeBinary, nullable=False),
)

runner_profiles = Table(
    "runner_profiles",
    metadata,
    Column("id", String, primary_key=True),
    Column("name_key", String, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("runner_profiles_name", "name_key", unique=True),
    _partial("runner_profiles_default", "is_default", where="is_default", unique=True),
)

# Servers on one database, and what exists only while their streams are open. No snapshot has these.

replicas = Table(
    "replicas",
    metadata,
    Column("id", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("version", String, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
)

duties = Table(
    "duties",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
)

instances = Table(
    "instances",
    metadata,
    Column("id", String, primary_key=True),
    Column("deployment_id", String, nullable=False),
    Column("project_key", String, nullable=False),
    Column("app_key", String, nullable=False),
    Column("workspace_key", String, nullable=False),
    Column("replica", String, nullable=False),
    Column("connected", Boolean, nullable=False),
    Column("takes_exec", Boolean, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Index("instances_deployment", "deployment_id"),
    Index("instances_application", "project_key", "app_key"),
    Index("instances_replica", "replica"),
)

OF_STREAMS = (replicas, duties, instances)
LASTING = tuple(table for table in metadata.sorted_tables if table not in OF_STREAMS)
"""The tables that are the state, those that others point to first."""


def complete(engine: str) -> MetaData:
    """Returns the tables with everything that creating them takes on this engine (`sqlite`, `postgresql`)."""
    for table in metadata.sorted_tables:
        for index in table.indexes:
            if _WHERE in index.info:
                index.dialect_options[engine]["where"] = index.info[_WHERE]
    return metadata
