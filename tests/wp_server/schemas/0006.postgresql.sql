CREATE TABLE public.alembic_version (
    version_num character varying NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.app_locks (
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    job_id character varying NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.applications (
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.audit_events (
    id character varying NOT NULL COLLATE pg_catalog."C",
    "time" bigint NOT NULL,
    rpc character varying NOT NULL COLLATE pg_catalog."C",
    actor character varying NOT NULL COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.auth_methods (
    name_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.config_sources (
    scope integer NOT NULL,
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    type character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.config_vars (
    target_hash character varying NOT NULL COLLATE pg_catalog."C",
    name character varying NOT NULL COLLATE pg_catalog."C",
    scope integer NOT NULL,
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.config_versions (
    scope integer NOT NULL,
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    bytes bigint DEFAULT '0'::bigint NOT NULL
);
CREATE TABLE public.consumed_invites (
    accessor_id character varying NOT NULL COLLATE pg_catalog."C",
    consumed bigint NOT NULL
);
CREATE TABLE public.denied_tokens (
    accessor_id character varying NOT NULL COLLATE pg_catalog."C",
    denied bigint NOT NULL
);
CREATE TABLE public.duties (
    name character varying NOT NULL COLLATE pg_catalog."C",
    holder character varying NOT NULL COLLATE pg_catalog."C",
    fence bigint NOT NULL,
    lease_until bigint NOT NULL
);
CREATE TABLE public.hmac_keys (
    id character varying NOT NULL COLLATE pg_catalog."C",
    key bytea NOT NULL,
    created bigint NOT NULL,
    retires bigint
);
CREATE TABLE public.hostnames (
    hostname_key character varying NOT NULL COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.instances (
    id character varying NOT NULL COLLATE pg_catalog."C",
    deployment_id character varying NOT NULL COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    replica character varying NOT NULL COLLATE pg_catalog."C",
    connected boolean NOT NULL,
    takes_exec boolean NOT NULL,
    blob bytea NOT NULL
);
CREATE TABLE public.job_dependencies (
    job_id character varying NOT NULL COLLATE pg_catalog."C",
    depends_on character varying NOT NULL COLLATE pg_catalog."C",
    allow_failure boolean NOT NULL
);
CREATE TABLE public.job_output (
    job_id character varying NOT NULL COLLATE pg_catalog."C",
    sequence bigint NOT NULL,
    events integer NOT NULL,
    blob bytea NOT NULL
);
CREATE TABLE public.jobs (
    id character varying NOT NULL COLLATE pg_catalog."C",
    state integer NOT NULL,
    assignment bigint DEFAULT '0'::bigint NOT NULL,
    operation character varying NOT NULL COLLATE pg_catalog."C",
    target_kind integer NOT NULL,
    target character varying NOT NULL COLLATE pg_catalog."C",
    queue_time bigint NOT NULL,
    deadline bigint,
    unfinished integer DEFAULT 0 NOT NULL,
    runner_id character varying COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    lock_project character varying COLLATE pg_catalog."C",
    lock_app character varying COLLATE pg_catalog."C",
    lock_workspace character varying COLLATE pg_catalog."C",
    singleton_key character varying COLLATE pg_catalog."C",
    queued_by character varying NOT NULL COLLATE pg_catalog."C",
    output_last bigint DEFAULT '0'::bigint NOT NULL,
    replica character varying COLLATE pg_catalog."C",
    data_source_ref bytea,
    blob bytea NOT NULL
);
CREATE TABLE public.oidc_logins (
    state character varying NOT NULL COLLATE pg_catalog."C",
    name_key character varying NOT NULL COLLATE pg_catalog."C",
    redirect_uri character varying NOT NULL COLLATE pg_catalog."C",
    nonce character varying NOT NULL COLLATE pg_catalog."C",
    verifier character varying NOT NULL COLLATE pg_catalog."C",
    expires bigint NOT NULL
);
CREATE TABLE public.operations (
    id character varying NOT NULL COLLATE pg_catalog."C",
    kind integer NOT NULL,
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    sequence bigint,
    status integer NOT NULL,
    physical_state integer NOT NULL,
    start_time bigint NOT NULL,
    complete_time bigint NOT NULL,
    generation_id character varying COLLATE pg_catalog."C",
    target_id character varying COLLATE pg_catalog."C",
    job_id character varying COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.pipeline_runs (
    pipeline_id character varying NOT NULL COLLATE pg_catalog."C",
    sequence bigint NOT NULL,
    blob bytea NOT NULL
);
CREATE TABLE public.pipelines (
    id character varying NOT NULL COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    name_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.polls (
    kind integer NOT NULL,
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    next bigint NOT NULL,
    last bigint,
    failures integer DEFAULT 0 NOT NULL,
    job_ids character varying DEFAULT ''::character varying NOT NULL COLLATE pg_catalog."C",
    known bytea,
    problem character varying DEFAULT ''::character varying NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.projects (
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.replicas (
    id character varying NOT NULL COLLATE pg_catalog."C",
    address character varying NOT NULL COLLATE pg_catalog."C",
    version character varying NOT NULL COLLATE pg_catalog."C",
    started bigint NOT NULL,
    lease_until bigint NOT NULL
);
CREATE TABLE public.role_grants (
    user_id character varying NOT NULL COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.runner_profiles (
    id character varying NOT NULL COLLATE pg_catalog."C",
    name_key character varying NOT NULL COLLATE pg_catalog."C",
    is_default boolean NOT NULL,
    blob bytea NOT NULL
);
CREATE TABLE public.runners (
    id character varying NOT NULL COLLATE pg_catalog."C",
    adoption integer NOT NULL,
    registration bigint NOT NULL,
    online boolean NOT NULL,
    gone boolean NOT NULL,
    label_hash character varying NOT NULL COLLATE pg_catalog."C",
    replica character varying COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.sequences (
    kind integer NOT NULL,
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    last bigint NOT NULL
);
CREATE TABLE public.settings (
    name character varying NOT NULL COLLATE pg_catalog."C",
    value bytea NOT NULL
);
CREATE TABLE public.tasks (
    id character varying NOT NULL COLLATE pg_catalog."C",
    work_job character varying NOT NULL COLLATE pg_catalog."C",
    start_job character varying NOT NULL COLLATE pg_catalog."C",
    watch_job character varying NOT NULL COLLATE pg_catalog."C",
    stop_job character varying NOT NULL COLLATE pg_catalog."C",
    token_accessor character varying NOT NULL COLLATE pg_catalog."C",
    stop_again bigint,
    stops_failed integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.triggers (
    id_key character varying NOT NULL COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    blob bytea NOT NULL
);
CREATE TABLE public.user_links (
    issuer character varying NOT NULL COLLATE pg_catalog."C",
    subject character varying NOT NULL COLLATE pg_catalog."C",
    user_id character varying NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.users (
    id character varying NOT NULL COLLATE pg_catalog."C",
    username_key character varying NOT NULL COLLATE pg_catalog."C",
    email_key character varying COLLATE pg_catalog."C",
    not_before bigint DEFAULT '0'::bigint NOT NULL,
    blob bytea NOT NULL
);
CREATE TABLE public.workspace_applications (
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    app_key character varying NOT NULL COLLATE pg_catalog."C",
    active bigint NOT NULL
);
CREATE TABLE public.workspace_projects (
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    project_key character varying NOT NULL COLLATE pg_catalog."C",
    active bigint NOT NULL,
    data_source_ref bytea
);
CREATE TABLE public.workspaces (
    workspace_key character varying NOT NULL COLLATE pg_catalog."C",
    name character varying NOT NULL COLLATE pg_catalog."C",
    active bigint NOT NULL
);
INSERT INTO public.alembic_version VALUES ('0006');
INSERT INTO public.app_locks VALUES ('shop', 'web', 'default', '01JOBTHATRUNS');
INSERT INTO public.applications VALUES ('shop', 'web', '\x0a0357656212060a0453686f701a03485550');
INSERT INTO public.config_vars VALUES ('2c9442dae7c02ae8271b30c898af6b69', 'A', 2, 'shop', 'web', '\x0a0141120178520d1a0b0a03576562120453686f70');
INSERT INTO public.config_vars VALUES ('2c9442dae7c02ae8271b30c898af6b69', 'b', 2, 'shop', 'web', '\x0a0162120178520d1a0b0a03576562120453686f70');
INSERT INTO public.config_versions VALUES (2, 'shop', 'web', 1, 42);
INSERT INTO public.hmac_keys VALUES ('k1', '\xe87fcf13fa63dcc444179b84afbfa24ba67722f0fadcc531b7d87dd5bee8cee6', 1795680407014000719, NULL);
INSERT INTO public.job_dependencies VALUES ('01JOBTHATWAITS', '01JOBTHATRUNS', false);
INSERT INTO public.job_output VALUES ('01JOBTHATRUNS', 3, 3, '\x0a0912070a0568656c6c6f0a0912070a0568656c6c6f0a0912070a0568656c6c6f');
INSERT INTO public.jobs VALUES ('01JOBTHATWAITS', 1, 0, 'noop', 1, '', 1795680407144914681, NULL, 1, NULL, 'shop', 'web', 'default', NULL, NULL, NULL, NULL, 'user:u', 0, NULL, NULL, '\x0a0e30314a4f42544841545741495453120b0a03576562120453686f701a090a0764656661756c7422020a00520d30314a4f425448415452554e53920300a00601b2060b0897d19fd80610f9f18c45');
INSERT INTO public.jobs VALUES ('01JOBTHATRUNS', 3, 1, 'up', 1, '', 1795680407136328670, 1795680527236458833, 0, 'r1', 'shop', 'web', 'default', 'shop', 'web', 'default', NULL, 'user:u', 3, '6224158cba2f44f295250adaabd39bde', NULL, '\x0a0d30314a4f425448415452554e53120b0a03576562120453686f701a090a0764656661756c7422020a00ea0300a00603aa06040a027231b2060b0897d19fd80610deeb8041ba060b0897d19fd8061084ccc268c2060b0897d19fd80610d1a6e070');
INSERT INTO public.operations VALUES ('01M8BE93PXCR6QK718XTPF20D1', 3, 'shop', 'web', 'default', 1, 1, 0, 0, 0, '01M8BE93Q1DDXA7Z0NS1TJ7A89', NULL, '01JOBTHATRUNS', '\x0a1a30314d38424539335058435236514b37313858545046323044311a020801420b0a03576562120453686f704a090a0764656661756c745001620d30314a4f425448415452554e538a011e0a1a30314d3842453933513144445841375a304e5331544a374138391001');
INSERT INTO public.operations VALUES ('01M8BE93S4H48ZT82NSFE0VBW7', 3, 'shop', 'web', 'default', 2, 1, 0, 0, 0, '01M8BE93S59TN0Z81739EGS39T', NULL, '01JOBTHATRUNS', '\x0a1a30314d384245393353344834385a5438324e53464530564257371a020801420b0a03576562120453686f704a090a0764656661756c745002620d30314a4f425448415452554e538a011e0a1a30314d3842453933533539544e305a38313733394547533339541002');
INSERT INTO public.projects VALUES ('shop', '\x0a0453686f70');
INSERT INTO public.sequences VALUES (3, 'shop', 'web', 2);
INSERT INTO public.settings VALUES ('cookie', '\x57504330314d384245393345583657335a394b4d58545148424b444748');
INSERT INTO public.settings VALUES ('id', '\x30314d3842453933463156334d38585439585337574154515a4e');
INSERT INTO public.settings VALUES ('audit_key', '\x41d152bafed2694ddacc499d851d6345af0395911e41163b0e959c4d3bcc83f0');
INSERT INTO public.users VALUES ('00000000000000000000000001', 'waypoint', NULL, 0, '\x0a1a30303030303030303030303030303030303030303030303030311208776179706f696e74');
INSERT INTO public.workspace_applications VALUES ('default', 'shop', 'web', 1795680407336756724);
INSERT INTO public.workspace_projects VALUES ('default', 'shop', 1795680407336756724, NULL);
INSERT INTO public.workspaces VALUES ('default', 'default', 1795680407336756724);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.app_locks
    ADD CONSTRAINT app_locks_pk PRIMARY KEY (project_key, app_key, workspace_key);
ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pk PRIMARY KEY (project_key, app_key);
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_methods
    ADD CONSTRAINT auth_methods_pk PRIMARY KEY (name_key);
ALTER TABLE ONLY public.config_sources
    ADD CONSTRAINT config_sources_pk PRIMARY KEY (scope, project_key, app_key, workspace_key, type);
ALTER TABLE ONLY public.config_vars
    ADD CONSTRAINT config_vars_pk PRIMARY KEY (target_hash, name);
ALTER TABLE ONLY public.config_versions
    ADD CONSTRAINT config_versions_pk PRIMARY KEY (scope, project_key, app_key);
ALTER TABLE ONLY public.consumed_invites
    ADD CONSTRAINT consumed_invites_pk PRIMARY KEY (accessor_id);
ALTER TABLE ONLY public.denied_tokens
    ADD CONSTRAINT denied_tokens_pk PRIMARY KEY (accessor_id);
ALTER TABLE ONLY public.duties
    ADD CONSTRAINT duties_pk PRIMARY KEY (name);
ALTER TABLE ONLY public.hmac_keys
    ADD CONSTRAINT hmac_keys_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.hostnames
    ADD CONSTRAINT hostnames_pk PRIMARY KEY (hostname_key);
ALTER TABLE ONLY public.instances
    ADD CONSTRAINT instances_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.job_dependencies
    ADD CONSTRAINT job_dependencies_pk PRIMARY KEY (job_id, depends_on);
ALTER TABLE ONLY public.job_output
    ADD CONSTRAINT job_output_pk PRIMARY KEY (job_id, sequence);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.oidc_logins
    ADD CONSTRAINT oidc_logins_pk PRIMARY KEY (state);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT operations_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.pipeline_runs
    ADD CONSTRAINT pipeline_runs_pk PRIMARY KEY (pipeline_id, sequence);
ALTER TABLE ONLY public.pipelines
    ADD CONSTRAINT pipelines_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.polls
    ADD CONSTRAINT polls_pk PRIMARY KEY (kind, project_key, app_key);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pk PRIMARY KEY (project_key);
ALTER TABLE ONLY public.replicas
    ADD CONSTRAINT replicas_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grants_pk PRIMARY KEY (user_id, project_key, workspace_key);
ALTER TABLE ONLY public.runner_profiles
    ADD CONSTRAINT runner_profiles_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.runners
    ADD CONSTRAINT runners_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.sequences
    ADD CONSTRAINT sequences_pk PRIMARY KEY (kind, project_key, app_key);
ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_pk PRIMARY KEY (name);
ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.triggers
    ADD CONSTRAINT triggers_pk PRIMARY KEY (id_key);
ALTER TABLE ONLY public.user_links
    ADD CONSTRAINT user_links_pk PRIMARY KEY (issuer, subject);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pk PRIMARY KEY (id);
ALTER TABLE ONLY public.workspace_applications
    ADD CONSTRAINT workspace_applications_pk PRIMARY KEY (workspace_key, project_key, app_key);
ALTER TABLE ONLY public.workspace_projects
    ADD CONSTRAINT workspace_projects_pk PRIMARY KEY (workspace_key, project_key);
ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_pk PRIMARY KEY (workspace_key);
CREATE UNIQUE INDEX app_locks_job ON public.app_locks USING btree (job_id);
CREATE INDEX audit_events_actor ON public.audit_events USING btree (actor, id);
CREATE INDEX audit_events_project ON public.audit_events USING btree (project_key, id);
CREATE INDEX audit_events_time ON public.audit_events USING btree ("time");
CREATE INDEX config_vars_project ON public.config_vars USING btree (project_key);
CREATE INDEX config_vars_scope ON public.config_vars USING btree (scope, project_key, app_key, name);
CREATE INDEX hostnames_application ON public.hostnames USING btree (project_key, app_key, workspace_key);
CREATE INDEX instances_application ON public.instances USING btree (project_key, app_key);
CREATE INDEX instances_deployment ON public.instances USING btree (deployment_id);
CREATE INDEX instances_replica ON public.instances USING btree (replica);
CREATE INDEX job_dependencies_on ON public.job_dependencies USING btree (depends_on);
CREATE INDEX jobs_application ON public.jobs USING btree (project_key, app_key, id);
CREATE INDEX jobs_claim ON public.jobs USING btree (target_kind, target, queue_time, id) WHERE ((state = 1) AND (unfinished = 0));
CREATE INDEX jobs_deadline ON public.jobs USING btree (deadline) WHERE (deadline IS NOT NULL);
CREATE INDEX jobs_runner ON public.jobs USING btree (runner_id, state);
CREATE UNIQUE INDEX jobs_singleton ON public.jobs USING btree (singleton_key) WHERE ((state = 1) AND (singleton_key IS NOT NULL));
CREATE INDEX jobs_state ON public.jobs USING btree (state, id);
CREATE INDEX oidc_logins_expires ON public.oidc_logins USING btree (expires);
CREATE INDEX operations_completed ON public.operations USING btree (kind, project_key, app_key, complete_time);
CREATE INDEX operations_generation ON public.operations USING btree (kind, project_key, app_key, generation_id, sequence);
CREATE INDEX operations_job ON public.operations USING btree (job_id);
CREATE UNIQUE INDEX operations_sequence ON public.operations USING btree (kind, project_key, app_key, sequence);
CREATE INDEX operations_started ON public.operations USING btree (kind, project_key, app_key, start_time);
CREATE INDEX operations_target ON public.operations USING btree (kind, target_id);
CREATE UNIQUE INDEX pipelines_name ON public.pipelines USING btree (project_key, name_key);
CREATE INDEX polls_next ON public.polls USING btree (next);
CREATE INDEX polls_project ON public.polls USING btree (project_key);
CREATE UNIQUE INDEX runner_profiles_default ON public.runner_profiles USING btree (is_default) WHERE is_default;
CREATE UNIQUE INDEX runner_profiles_name ON public.runner_profiles USING btree (name_key);
CREATE UNIQUE INDEX tasks_start_job ON public.tasks USING btree (start_job);
CREATE INDEX tasks_stop_again ON public.tasks USING btree (stop_again) WHERE (stop_again IS NOT NULL);
CREATE UNIQUE INDEX tasks_stop_job ON public.tasks USING btree (stop_job);
CREATE UNIQUE INDEX tasks_watch_job ON public.tasks USING btree (watch_job);
CREATE UNIQUE INDEX tasks_work_job ON public.tasks USING btree (work_job);
CREATE INDEX triggers_project ON public.triggers USING btree (project_key);
CREATE INDEX user_links_user ON public.user_links USING btree (user_id);
CREATE UNIQUE INDEX users_email ON public.users USING btree (email_key);
CREATE UNIQUE INDEX users_username ON public.users USING btree (username_key);
CREATE INDEX workspace_projects_project ON public.workspace_projects USING btree (project_key);
ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_projects_fk FOREIGN KEY (project_key) REFERENCES public.projects(project_key) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_dependencies
    ADD CONSTRAINT job_dependencies_jobs_fk FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.pipeline_runs
    ADD CONSTRAINT pipeline_runs_pipelines_fk FOREIGN KEY (pipeline_id) REFERENCES public.pipelines(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.polls
    ADD CONSTRAINT polls_projects_fk FOREIGN KEY (project_key) REFERENCES public.projects(project_key) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grants_users_fk FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_links
    ADD CONSTRAINT user_links_users_fk FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.workspace_applications
    ADD CONSTRAINT workspace_applications_workspace_projects_fk FOREIGN KEY (workspace_key, project_key) REFERENCES public.workspace_projects(workspace_key, project_key) ON DELETE CASCADE;
ALTER TABLE ONLY public.workspace_projects
    ADD CONSTRAINT workspace_projects_projects_fk FOREIGN KEY (project_key) REFERENCES public.projects(project_key) ON DELETE CASCADE;
ALTER TABLE ONLY public.workspace_projects
    ADD CONSTRAINT workspace_projects_workspaces_fk FOREIGN KEY (workspace_key) REFERENCES public.workspaces(workspace_key) ON DELETE CASCADE;
