from __future__ import annotations

import json

from tests.wp_runner.shop import Bench

from wp_config.records import ConfigVariable, DynamicValue, StageKind
from wp_proto.plugins import docker_pb2
from wp_proto.sdk import plugin_pb2
from wp_proto.waypoint import api as pb
from wp_runner.operations.docs import as_record
from wp_runner.plugins import PluginHost
from wp_sdk.component import ComponentKind
from wp_sdk.values import unpack

SUCCESS, RUNNING, ERROR = pb.Status.SUCCESS, pb.Status.RUNNING, pb.Status.ERROR


def test_up_goes_from_source_to_a_released_deployment(bench: Bench) -> None:
    result = bench.ok(up=pb.Job.UpOp())
    assert bench.shop.calls == ["build", "push", "deploy", "status", "release"]
    assert bench.shop.has_registry is True
    assert result.up.release_url == "https://shop.test:80"
    assert result.up.deploy_url == "http://web-v1.test"
    assert result.build.build.status.state == SUCCESS
    assert unpack(result.build.push.artifact.artifact, docker_pb2.Image).image == "registry/web"
    assert result.deploy.deployment.state == pb.Operation.CREATED
    assert result.release.release.deployment_id == result.deploy.deployment.id
    assert bench.shop.released == result.deploy.deployment.id
    assert bench.project.closed


def test_headers_and_steps_reach_the_server_in_order(bench: Bench) -> None:
    job = bench.job(up=pb.Job.UpOp())
    bench.waypoint.run(job)
    text = bench.waypoint.text(job.id).splitlines()
    assert [line for line in text if line.endswith("...")] == [
        "Building...",
        "Baking...",
        "Deploying...",
        "Releasing...",
    ]
    assert "oven on" in text


def test_every_record_says_running_before_the_platform_is_touched(bench: Bench) -> None:
    seen: dict[str, int] = {}

    def before(name: str, _ctx: object) -> None:
        kinds = {"build": "build", "push": "artifact", "deploy": "deployment", "release": "release"}
        if name in kinds:
            seen[name] = [r.status.state for k, r in bench.waypoint.history if k == kinds[name]][-1]

    bench.shop.before = before
    bench.ok(up=pb.Job.UpOp())
    assert seen == {"build": RUNNING, "push": RUNNING, "deploy": RUNNING, "release": RUNNING}
    assert all(
        r.status.state == SUCCESS
        for kind in ("build", "artifact", "deployment", "release")
        for r in bench.records(kind)
    )


def test_records_carry_who_what_and_the_json_forms(bench: Bench) -> None:
    job = bench.job(up=pb.Job.UpOp())
    bench.waypoint.run(job)
    build, artifact = bench.records("build")[0], bench.records("artifact")[0]
    deployment, release = bench.records("deployment")[0], bench.records("release")[0]
    assert build.component == pb.Component(type=pb.Component.BUILDER, name="shop")
    assert deployment.component == pb.Component(type=pb.Component.PLATFORM, name="shop")
    assert release.component == pb.Component(type=pb.Component.RELEASEMANAGER, name="shop")
    assert {r.job_id for r in (build, artifact, deployment, release)} == {job.id}
    assert artifact.build_id == build.id
    assert deployment.artifact_id == artifact.id
    assert json.loads(build.artifact.artifact_json) == {"image": "web", "tag": "1"}
    assert json.loads(deployment.deployment_json)["name"] == "web-v1"
    assert json.loads(build.template_data)["tag"] == "1"
    assert build.labels["baker"] == "shop"
    assert build.labels["waypoint/workspace"] == "default"
    assert [r.name for r in deployment.declared_resources] == ["web-v1"]
    assert deployment.declared_resources[0].category_display_hint == pb.ResourceCategoryDisplayHint.INSTANCE


def test_the_instance_gets_the_server_and_a_token_of_its_own(bench: Bench) -> None:
    deployment = bench.ok(up=pb.Job.UpOp()).deploy.deployment
    assert deployment.has_entrypoint_config
    env = bench.shop.running[deployment.id]
    assert env["WAYPOINT_DEPLOYMENT_ID"] == deployment.id
    assert env["WAYPOINT_SERVER_ADDR"] == "server:9701"
    assert env["WAYPOINT_CEB_INVITE_TOKEN"] == f"invite-{deployment.id}"


def test_without_an_advertised_address_the_entrypoint_is_switched_off(bench: Bench) -> None:
    bench.waypoint.deployment_config = pb.RunnerGetDeploymentConfigResponse()
    deployment = bench.ok(up=pb.Job.UpOp()).deploy.deployment
    assert not deployment.has_entrypoint_config
    assert bench.shop.running[deployment.id]["WAYPOINT_SERVER_DISABLE"] == "1"


def test_a_server_of_go_waypoint_may_have_no_entrypoint_token_for_a_runner(bench: Bench) -> None:
    bench.waypoint.as_go = True
    said = bench.fails(up=pb.Job.UpOp()).error.error.message
    assert "gives this runner no token for the app's entrypoint. Start the runner with a login token" in said
    bench.waypoint.deployment_config = pb.RunnerGetDeploymentConfigResponse()
    bench.ok(up=pb.Job.UpOp())


def test_the_deploy_body_sees_artifact_and_the_full_entrypoint_environment(bench: Bench) -> None:
    scopes = []

    def body(scope: dict[str, object]) -> dict[str, object]:
        scopes.append(scope)
        return {"name": f"{scope['artifact']['image']}".replace("/", "-")}

    bench.app.stages[StageKind.DEPLOY].use.body = body
    deployment = bench.ok(up=pb.Job.UpOp()).deploy.deployment
    assert bench.shop.running[deployment.id]["name"] == "registry-web-v1"
    assert scopes[0]["entrypoint"]["env"]["WAYPOINT_DEPLOYMENT_ID"] == ""
    assert scopes[1]["entrypoint"]["env"]["WAYPOINT_DEPLOYMENT_ID"] == deployment.id
    assert scopes[1]["entrypoint"]["env"]["WAYPOINT_CEB_INVITE_TOKEN"] == f"invite-{deployment.id}"


def test_without_a_registry_the_artifact_keeps_everything_of_the_build(bench: Bench) -> None:
    del bench.app.stages[StageKind.REGISTRY]
    result = bench.ok(up=pb.Job.UpOp())
    build, pushed = result.build.build, result.build.push
    assert bench.shop.has_registry is False
    assert pushed.artifact == build.artifact
    assert pushed.template_data == build.template_data
    assert pushed.labels == build.labels
    assert pushed.component == build.component


def test_without_a_release_stage_the_release_is_only_noted(bench: Bench) -> None:
    del bench.app.stages[StageKind.RELEASE]
    release = bench.ok(up=pb.Job.UpOp()).release.release
    assert release.unimplemented
    assert release.status.state == SUCCESS
    assert "release" not in bench.shop.calls


def test_config_of_the_file_is_synchronised_before_the_deploy(bench: Bench) -> None:
    bench.project.entries = (ConfigVariable("SHARED", "1"),)
    bench.app.entries = (
        ConfigVariable("OWN", "2", app="web", workspace="prod"),
        ConfigVariable("SECRET", None, dynamic=DynamicValue("vault", {"path": "x"}), app="web"),
    )
    bench.ok(up=pb.Job.UpOp())
    shared, own, secret = bench.waypoint.config
    assert (shared.name, shared.static, shared.target.project.project) == ("SHARED", "1", "shop")
    assert own.target.application == pb.Ref.Application(application="web", project="shop")
    assert own.target.workspace.workspace == "prod"
    assert getattr(secret.dynamic, "from") == "vault"
    assert dict(secret.dynamic.config) == {"path": "x"}


def test_a_status_report_is_stored_for_the_deployment(bench: Bench) -> None:
    deployment = bench.ok(up=pb.Job.UpOp()).deploy.deployment
    (report,) = bench.waypoint.records["report"].values()
    assert report.deployment_id == deployment.id
    assert report.health.health_status == "READY"
    assert report.resources[0].health == pb.StatusReport.Resource.READY
    assert report.status.state == SUCCESS


def test_an_app_that_dies_at_once_is_not_a_success(bench: Bench) -> None:
    bench.shop.health = plugin_pb2.StatusReport.DOWN
    outcome = bench.fails(up=pb.Job.UpOp())
    assert "does not run: shop reports DOWN (looked)" in outcome.error.error.message
    (deployment,) = bench.records("deployment")
    assert deployment.status.state == ERROR
    assert deployment.state == pb.Operation.CREATED
    assert bench.shop.released == ""
    assert not bench.records("release")


def test_docs_describe_the_plugins_that_the_application_uses(bench: Bench) -> None:
    results = bench.ok(docs=pb.Job.DocsOp()).docs.results
    assert [(r.component.type, r.component.name) for r in results] == [
        (pb.Component.BUILDER, "shop"),
        (pb.Component.REGISTRY, "shop"),
        (pb.Component.PLATFORM, "shop"),
        (pb.Component.RELEASEMANAGER, "shop"),
    ]
    assert results[0].docs.output == "docker.Image"
    assert (results[0].docs.fields["name"].type, results[0].docs.fields["name"].optional) == ("string", True)
    assert results[0].docs.fields["name"].default == '"web"'
    assert bench.shop.calls == []


def test_docs_of_nested_blocks_have_dotted_names() -> None:
    docker = PluginHost().open("docker").documentation(ComponentKind.REGISTRY)
    assert docker is not None
    record = as_record(docker)
    assert record.fields["auth.username"].synopsis == "User name"
    assert not record.fields["image"].optional
