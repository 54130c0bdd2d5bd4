BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0006');
CREATE TABLE app_locks (
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	workspace_key VARCHAR NOT NULL, 
	job_id VARCHAR NOT NULL, 
	CONSTRAINT app_locks_pk PRIMARY KEY (project_key, app_key, workspace_key)
);
INSERT INTO "app_locks" VALUES('shop','web','default','01JOBTHATRUNS');
CREATE TABLE applications (
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT applications_pk PRIMARY KEY (project_key, app_key), 
	CONSTRAINT applications_projects_fk FOREIGN KEY(project_key) REFERENCES projects (project_key) ON DELETE CASCADE
);
INSERT INTO "applications" VALUES('shop','web',X'0A0357656212060A0453686F701A03485550');
CREATE TABLE audit_events (
	id VARCHAR NOT NULL, 
	time BIGINT NOT NULL, 
	rpc VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	project_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT audit_events_pk PRIMARY KEY (id)
);
CREATE TABLE auth_methods (
	name_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT auth_methods_pk PRIMARY KEY (name_key)
);
CREATE TABLE config_sources (
	scope INTEGER NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	workspace_key VARCHAR NOT NULL, 
	type VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT config_sources_pk PRIMARY KEY (scope, project_key, app_key, workspace_key, type)
);
CREATE TABLE config_vars (
	target_hash VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	scope INTEGER NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT config_vars_pk PRIMARY KEY (target_hash, name)
);
INSERT INTO "config_vars" VALUES('2c9442dae7c02ae8271b30c898af6b69','A',2,'shop','web',X'0A0141120178520D1A0B0A03576562120453686F70');
INSERT INTO "config_vars" VALUES('2c9442dae7c02ae8271b30c898af6b69','b',2,'shop','web',X'0A0162120178520D1A0B0A03576562120453686F70');
CREATE TABLE config_versions (
	scope INTEGER NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	version BIGINT NOT NULL, 
	bytes BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT config_versions_pk PRIMARY KEY (scope, project_key, app_key)
);
INSERT INTO "config_versions" VALUES(2,'shop','web',1,42);
CREATE TABLE consumed_invites (
	accessor_id VARCHAR NOT NULL, 
	consumed BIGINT NOT NULL, 
	CONSTRAINT consumed_invites_pk PRIMARY KEY (accessor_id)
);
CREATE TABLE denied_tokens (
	accessor_id VARCHAR NOT NULL, 
	denied BIGINT NOT NULL, 
	CONSTRAINT denied_tokens_pk PRIMARY KEY (accessor_id)
);
CREATE TABLE duties (
	name VARCHAR NOT NULL, 
	holder VARCHAR NOT NULL, 
	fence BIGINT NOT NULL, 
	lease_until BIGINT NOT NULL, 
	CONSTRAINT duties_pk PRIMARY KEY (name)
);
CREATE TABLE hmac_keys (
	id VARCHAR NOT NULL, 
	"key" BLOB NOT NULL, 
	created BIGINT NOT NULL, 
	retires BIGINT, 
	CONSTRAINT hmac_keys_pk PRIMARY KEY (id)
);
INSERT INTO "hmac_keys" VALUES('k1',X'DEC9B202DF22835E73FFBD0D1C9B180795D29FC45B5A4906867D8AA56E915BA0',1795680400582531969,NULL);
CREATE TABLE hostnames (
	hostname_key VARCHAR NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	workspace_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT hostnames_pk PRIMARY KEY (hostname_key)
);
CREATE TABLE instances (
	id VARCHAR NOT NULL, 
	deployment_id VARCHAR NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	workspace_key VARCHAR NOT NULL, 
	replica VARCHAR NOT NULL, 
	connected BOOLEAN NOT NULL, 
	takes_exec BOOLEAN NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT instances_pk PRIMARY KEY (id)
);
CREATE TABLE job_dependencies (
	job_id VARCHAR NOT NULL, 
	depends_on VARCHAR NOT NULL, 
	allow_failure BOOLEAN NOT NULL, 
	CONSTRAINT job_dependencies_pk PRIMARY KEY (job_id, depends_on), 
	CONSTRAINT job_dependencies_jobs_fk FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "job_dependencies" VALUES('01JOBTHATWAITS','01JOBTHATRUNS',0);
CREATE TABLE job_output (
	job_id VARCHAR NOT NULL, 
	sequence BIGINT NOT NULL, 
	events INTEGER NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT job_output_pk PRIMARY KEY (job_id, sequence)
);
INSERT INTO "job_output" VALUES('01JOBTHATRUNS',3,3,X'0A0912070A0568656C6C6F0A0912070A0568656C6C6F0A0912070A0568656C6C6F');
CREATE TABLE jobs (
	id VARCHAR NOT NULL, 
	state INTEGER NOT NULL, 
	assignment BIGINT DEFAULT '0' NOT NULL, 
	operation VARCHAR NOT NULL, 
	target_kind INTEGER NOT NULL, 
	target VARCHAR NOT NULL, 
	queue_time BIGINT NOT NULL, 
	deadline BIGINT, 
	unfinished INTEGER DEFAULT '0' NOT NULL, 
	runner_id VARCHAR, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	workspace_key VARCHAR NOT NULL, 
	lock_project VARCHAR, 
	lock_app VARCHAR, 
	lock_workspace VARCHAR, 
	singleton_key VARCHAR, 
	queued_by VARCHAR NOT NULL, 
	output_last BIGINT DEFAULT '0' NOT NULL, 
	replica VARCHAR, 
	data_source_ref BLOB, 
	blob BLOB NOT NULL, 
	CONSTRAINT jobs_pk PRIMARY KEY (id)
);
INSERT INTO "jobs" VALUES('01JOBTHATRUNS',3,1,'up',1,'',1795680400732422617,1795680520820701181,0,'r1','shop','web','default','shop','web','default',NULL,'user:u',3,'',NULL,X'0A0D30314A4F425448415452554E53120B0A03576562120453686F701A090A0764656661756C7422020A00EA0300A00603AA06040A027231B2060C0890D19FD80610D9C39FDD02BA060C0890D19FD806108BC9AEFF02C2060C0890D19FD80610FDCFAB8703');
INSERT INTO "jobs" VALUES('01JOBTHATWAITS',1,0,'noop',1,'',1795680400734776825,NULL,1,NULL,'shop','web','default',NULL,NULL,NULL,NULL,'user:u',0,NULL,NULL,X'0A0E30314A4F42544841545741495453120B0A03576562120453686F701A090A0764656661756C7422020A00520D30314A4F425448415452554E53920300A00601B2060C0890D19FD80610F99BAFDE02');
CREATE TABLE oidc_logins (
	state VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	redirect_uri VARCHAR NOT NULL, 
	nonce VARCHAR NOT NULL, 
	verifier VARCHAR NOT NULL, 
	expires BIGINT NOT NULL, 
	CONSTRAINT oidc_logins_pk PRIMARY KEY (state)
);
CREATE TABLE operations (
	id VARCHAR NOT NULL, 
	kind INTEGER NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	workspace_key VARCHAR NOT NULL, 
	sequence BIGINT, 
	status INTEGER NOT NULL, 
	physical_state INTEGER NOT NULL, 
	start_time BIGINT NOT NULL, 
	complete_time BIGINT NOT NULL, 
	generation_id VARCHAR, 
	target_id VARCHAR, 
	job_id VARCHAR, 
	blob BLOB NOT NULL, 
	CONSTRAINT operations_pk PRIMARY KEY (id)
);
INSERT INTO "operations" VALUES('01M8BE8XEA53Z6CJZ7FQRAHFYP',3,'shop','web','default',1,1,0,0,0,'01M8BE8XEPP1GEFNXY44TVDJJ8',NULL,'01JOBTHATRUNS',X'0A1A30314D3842453858454135335A36434A5A3746515241484659501A020801420B0A03576562120453686F704A090A0764656661756C745001620D30314A4F425448415452554E538A011E0A1A30314D3842453858455050314745464E585934345456444A4A381001');
INSERT INTO "operations" VALUES('01M8BE8XGC5E801BWF2AY76PQS',3,'shop','web','default',2,1,0,0,0,'01M8BE8XGC5E801BWF2AY76PQT',NULL,'01JOBTHATRUNS',X'0A1A30314D38424538584743354538303142574632415937365051531A020801420B0A03576562120453686F704A090A0764656661756C745002620D30314A4F425448415452554E538A011E0A1A30314D38424538584743354538303142574632415937365051541002');
CREATE TABLE pipeline_runs (
	pipeline_id VARCHAR NOT NULL, 
	sequence BIGINT NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT pipeline_runs_pk PRIMARY KEY (pipeline_id, sequence), 
	CONSTRAINT pipeline_runs_pipelines_fk FOREIGN KEY(pipeline_id) REFERENCES pipelines (id) ON DELETE CASCADE
);
CREATE TABLE pipelines (
	id VARCHAR NOT NULL, 
	project_key VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT pipelines_pk PRIMARY KEY (id)
);
CREATE TABLE polls (
	kind INTEGER NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	next BIGINT NOT NULL, 
	last BIGINT, 
	failures INTEGER DEFAULT '0' NOT NULL, 
	job_ids VARCHAR DEFAULT '' NOT NULL, 
	known BLOB, 
	problem VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT polls_pk PRIMARY KEY (kind, project_key, app_key), 
	CONSTRAINT polls_projects_fk FOREIGN KEY(project_key) REFERENCES projects (project_key) ON DELETE CASCADE
);
CREATE TABLE projects (
	project_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT projects_pk PRIMARY KEY (project_key)
);
INSERT INTO "projects" VALUES('shop',X'0A0453686F70');
CREATE TABLE replicas (
	id VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	started BIGINT NOT NULL, 
	lease_until BIGINT NOT NULL, 
	CONSTRAINT replicas_pk PRIMARY KEY (id)
);
CREATE TABLE role_grants (
	user_id VARCHAR NOT NULL, 
	project_key VARCHAR NOT NULL, 
	workspace_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT role_grants_pk PRIMARY KEY (user_id, project_key, workspace_key), 
	CONSTRAINT role_grants_users_fk FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE runner_profiles (
	id VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	is_default BOOLEAN NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT runner_profiles_pk PRIMARY KEY (id)
);
CREATE TABLE runners (
	id VARCHAR NOT NULL, 
	adoption INTEGER NOT NULL, 
	registration BIGINT NOT NULL, 
	online BOOLEAN NOT NULL, 
	gone BOOLEAN NOT NULL, 
	label_hash VARCHAR NOT NULL, 
	replica VARCHAR, 
	blob BLOB NOT NULL, 
	CONSTRAINT runners_pk PRIMARY KEY (id)
);
CREATE TABLE sequences (
	kind INTEGER NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	last BIGINT NOT NULL, 
	CONSTRAINT sequences_pk PRIMARY KEY (kind, project_key, app_key)
);
INSERT INTO "sequences" VALUES(3,'shop','web',2);
CREATE TABLE settings (
	name VARCHAR NOT NULL, 
	value BLOB NOT NULL, 
	CONSTRAINT settings_pk PRIMARY KEY (name)
);
INSERT INTO "settings" VALUES('cookie',X'57504330314D3842453858344E41445758514537533148364B53575443');
INSERT INTO "settings" VALUES('id',X'30314D384245385834504D30334E354A5A353959333643503447');
INSERT INTO "settings" VALUES('audit_key',X'20A1137FB5E9D8CC355A6E5B4A0CF234252EFDB52718054D0E40E4076B2B7CD3');
CREATE TABLE tasks (
	id VARCHAR NOT NULL, 
	work_job VARCHAR NOT NULL, 
	start_job VARCHAR NOT NULL, 
	watch_job VARCHAR NOT NULL, 
	stop_job VARCHAR NOT NULL, 
	token_accessor VARCHAR NOT NULL, 
	stop_again BIGINT, 
	stops_failed INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT tasks_pk PRIMARY KEY (id)
);
CREATE TABLE triggers (
	id_key VARCHAR NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	workspace_key VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT triggers_pk PRIMARY KEY (id_key)
);
CREATE TABLE user_links (
	issuer VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	CONSTRAINT user_links_pk PRIMARY KEY (issuer, subject), 
	CONSTRAINT user_links_users_fk FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE users (
	id VARCHAR NOT NULL, 
	username_key VARCHAR NOT NULL, 
	email_key VARCHAR, 
	not_before BIGINT DEFAULT '0' NOT NULL, 
	blob BLOB NOT NULL, 
	CONSTRAINT users_pk PRIMARY KEY (id)
);
INSERT INTO "users" VALUES('00000000000000000000000001','waypoint',NULL,0,X'0A1A30303030303030303030303030303030303030303030303030311208776179706F696E74');
CREATE TABLE workspace_applications (
	workspace_key VARCHAR NOT NULL, 
	project_key VARCHAR NOT NULL, 
	app_key VARCHAR NOT NULL, 
	active BIGINT NOT NULL, 
	CONSTRAINT workspace_applications_pk PRIMARY KEY (workspace_key, project_key, app_key), 
	CONSTRAINT workspace_applications_workspace_projects_fk FOREIGN KEY(workspace_key, project_key) REFERENCES workspace_projects (workspace_key, project_key) ON DELETE CASCADE
);
INSERT INTO "workspace_applications" VALUES('default','shop','web',1795680400909939516);
CREATE TABLE workspace_projects (
	workspace_key VARCHAR NOT NULL, 
	project_key VARCHAR NOT NULL, 
	active BIGINT NOT NULL, 
	data_source_ref BLOB, 
	CONSTRAINT workspace_projects_pk PRIMARY KEY (workspace_key, project_key), 
	CONSTRAINT workspace_projects_workspaces_fk FOREIGN KEY(workspace_key) REFERENCES workspaces (workspace_key) ON DELETE CASCADE, 
	CONSTRAINT workspace_projects_projects_fk FOREIGN KEY(project_key) REFERENCES projects (project_key) ON DELETE CASCADE
);
INSERT INTO "workspace_projects" VALUES('default','shop',1795680400909939516,NULL);
CREATE TABLE workspaces (
	workspace_key VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	active BIGINT NOT NULL, 
	CONSTRAINT workspaces_pk PRIMARY KEY (workspace_key)
);
INSERT INTO "workspaces" VALUES('default','default',1795680400909939516);
CREATE UNIQUE INDEX users_email ON users (email_key);
CREATE UNIQUE INDEX users_username ON users (username_key);
CREATE INDEX oidc_logins_expires ON oidc_logins (expires);
CREATE INDEX audit_events_actor ON audit_events (actor, id);
CREATE INDEX audit_events_project ON audit_events (project_key, id);
CREATE INDEX audit_events_time ON audit_events (time);
CREATE INDEX operations_target ON operations (kind, target_id);
CREATE UNIQUE INDEX operations_sequence ON operations (kind, project_key, app_key, sequence);
CREATE INDEX operations_started ON operations (kind, project_key, app_key, start_time);
CREATE INDEX operations_job ON operations (job_id);
CREATE INDEX operations_completed ON operations (kind, project_key, app_key, complete_time);
CREATE INDEX operations_generation ON operations (kind, project_key, app_key, generation_id, sequence);
CREATE INDEX config_vars_scope ON config_vars (scope, project_key, app_key, name);
CREATE INDEX config_vars_project ON config_vars (project_key);
CREATE INDEX triggers_project ON triggers (project_key);
CREATE UNIQUE INDEX pipelines_name ON pipelines (project_key, name_key);
CREATE INDEX hostnames_application ON hostnames (project_key, app_key, workspace_key);
CREATE INDEX jobs_application ON jobs (project_key, app_key, id);
CREATE INDEX jobs_runner ON jobs (runner_id, state);
CREATE UNIQUE INDEX jobs_singleton ON jobs (singleton_key) WHERE state = 1 AND singleton_key IS NOT NULL;
CREATE INDEX jobs_deadline ON jobs (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX jobs_state ON jobs (state, id);
CREATE INDEX jobs_claim ON jobs (target_kind, target, queue_time, id) WHERE state = 1 AND unfinished = 0;
CREATE UNIQUE INDEX app_locks_job ON app_locks (job_id);
CREATE UNIQUE INDEX tasks_work_job ON tasks (work_job);
CREATE UNIQUE INDEX tasks_watch_job ON tasks (watch_job);
CREATE UNIQUE INDEX tasks_stop_job ON tasks (stop_job);
CREATE INDEX tasks_stop_again ON tasks (stop_again) WHERE stop_again IS NOT NULL;
CREATE UNIQUE INDEX tasks_start_job ON tasks (start_job);
CREATE UNIQUE INDEX runner_profiles_name ON runner_profiles (name_key);
CREATE UNIQUE INDEX runner_profiles_default ON runner_profiles (is_default) WHERE is_default;
CREATE INDEX instances_replica ON instances (replica);
CREATE INDEX instances_deployment ON instances (deployment_id);
CREATE INDEX instances_application ON instances (project_key, app_key);
CREATE INDEX user_links_user ON user_links (user_id);
CREATE INDEX workspace_projects_project ON workspace_projects (project_key);
CREATE INDEX polls_project ON polls (project_key);
CREATE INDEX polls_next ON polls (next);
CREATE INDEX job_dependencies_on ON job_dependencies (depends_on);
COMMIT;
