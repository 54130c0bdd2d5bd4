"""The Go command line 0.11.4 as a client of our server and, through it, of our entrypoint and our runner."""

from __future__ import annotations

import re
import shutil
import signal
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
import docker.errors
import pytest
from tests.interop.go_cli import DEADLINE, World, eventually, world
from tests.interop.go_waypoint import VERSION, go_waypoint
from tests.wp_cli.terminal import Terminal

HELLO = Path(__file__).parents[2] / "examples/hello"
SESSIONS = 8
MEGABYTE = bytes(range(256)) * 4096

# Plugins that both products have, and that need nothing but this machine.
QUICK = """
project = "PROJECT"
runner {
  enabled = true
}
variable "colour" {
  default = "red"
  type    = string
}
app "web" {
  config {
    env = {
      COLOUR = "is ${var.colour}"
    }
  }
  build {
    use "docker-ref" {
      image = "never-pulled"
      tag   = "1"
    }
  }
  deploy {
    use "exec" {
      command = ["echo", "deployed here"]
    }
  }
}
pipeline "ship" {
  step "b" {
    use "build" {}
  }
  step "d" {
    use "deploy" {}
  }
}
"""

SCRIPTS = {
    "contexts": """
        $ context create -server-addr=ADDRESS -server-auth-token=TOKEN -server-require-auth -server-tls-skip-verify one
        $ context verify one
          connected successfully
        $ context rename one two
        $ context set -workspace=dev
        $ context inspect two
          address: ADDRESS
          Name: dev
        $ context list
          * | two |
        $ context clear
        $ context delete two
        $ version
          CLI: vVERSION
          Server: v
    """,
    "users and tokens": """
        $ user inspect
          id:"00000000000000000000000001" username:"waypoint"
        $ user modify -display-name=Ann
        $ user inspect
          display:"Ann"
        ! user token -username=nobody
          nobody
        $ token new
        $ server cookie
          WPC
        ! server bootstrap -server-addr=ADDRESS -server-tls-skip-verify
          bootstrapped already
    """,
    "auth methods": """
        $ auth-method set oidc -client-id=x -client-secret=hidden -issuer=https://127.0.0.1:1/ -display-name=Goo goo
        $ auth-method list
          token | token
          goo | OIDC
        $ auth-method inspect goo
          name:"goo" display_name:"Goo"
          REDACTED
        $ auth-method delete goo
        ! auth-method inspect goo
          goo
    """,
    "projects": """
        $ project apply -data-source=git -git-url=https://git.example/x.git -git-ref=main -git-path=a p-git
          Project "p-git" created
        $ project apply p-bare
        $ project list
          p-bare
          p-git
        $ project inspect -project=p-git
          Project Name: p-git
          Data Source: Git
          Git URL: https://git.example/x.git
          Git Ref: main
        $ project inspect -project=p-git -json
          "url": "https://git.example/x.git"
        $ project apply -data-source=git -git-url=https://git.example/y.git p-git
          updated
        $ project inspect -project=p-git
          Git URL: https://git.example/y.git
        $ project destroy -project=p-bare -auto-approve
        ! project inspect -project=p-bare
          p-bare
    """,
    "workspaces": """
        $ workspace create staging
        $ workspace create staging
        $ workspace list
          staging
        $ workspace inspect staging
          Name: staging
        ! workspace inspect nowhere
          nowhere
    """,
    "configuration": """
        $ project apply conf
        $ config set -project=conf A=1 B=two
        $ config set -project=conf -app=web -scope=app C=app
        $ config set -project=conf -workspace=dev D=dev
        $ config set -project=conf -runner E=runner
        $ config set -project=conf "-label-scope=env == \\"prod\\"" L=label
        $ config get -project=conf
          SCOPE | NAME | VALUE | WORKSPACE | LABELS
          project | A | 1 |
          project | B | two |
          project | D | dev | dev |
          project | L | label | | env == "prod"
        $ config get -project=conf -app=web
          project | A | 1 |
          app: web | C | app |
        $ config get -project=conf -app=web -workspace=dev
          project | D | dev | dev |
        $ config get -project=conf -app=web -label=env=prod
          project | L | label |
        $ config get -project=conf -runner
          project | E | runner
        $ config delete -project=conf A
        $ config get -project=conf -json
          {"B":"two","D":"dev","L":"label"}
    """,
    "configuration sources": """
        $ config source-set -type=vault -config=addr=http://127.0.0.1:1
        $ config source-get -type=vault -scope=global
          Scope: global
          addr | http://127.0.0.1:1
        $ config source-get -scope=all
          vault | global
        $ config source-delete -type=vault
        ! config source-get -type=vault -scope=global
          not configured
    """,
    "runners and their profiles": """
        $ runner token -id=some -label=a=b
        $ runner profile set -plugin-type=kubernetes -oci-url=some/image:1 -env-var=A=b -target-runner-label=x=y first
          created
        $ runner profile set -name=first -env-var=A= -target-runner-id=R1
          updated
        $ runner profile list
          NAME | PLUGIN TYPE | OCI URL | TARGET RUNNER | DEFAULT
          first | kubernetes | some/image:1 | R1 |
        $ runner profile inspect first
          OCI URL: some/image:1
          Environment Variables: map[]
        $ runner profile delete first
        ! runner profile inspect first
          first
        ! runner inspect nobody
          nobody
        ! runner adopt nobody
          nobody
    """,
    "what is not there": """
        $ task list
        $ artifact list -project=none -app=web
          No artifacts found
        $ deployment list -project=none -app=web
          No deployments found
        $ release list -project=none -app=web
          DEPLOYMENT ID | PLATFORM
        $ hostname list
        ! hostname delete none
          URL service
        ! job inspect none
          not found
        ! job get-stream none
          none
        ! task inspect none
          not found
        ! trigger inspect none
          not found
        ! pipeline inspect -project=none -name=none
          not found
        ! up -project=none -app=web
          waypoint init
    """,
}


@pytest.fixture(scope="module")
def module_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("go-cli"), go_waypoint()) as made:
        yield made


@pytest.fixture
def there(module_world: World, tmp_path: Path) -> World:
    """The world all tests of this file share; the command lines are in a folder without a project."""
    module_world.go.folder = module_world.ours.folder = tmp_path
    return module_world


@contextmanager
def deployed(world: World) -> Iterator[str]:
    """`examples/hello`, deployed by our command line on this machine, with our entrypoint around it; its address."""
    folder = world.project("hello", {})
    shutil.copytree(HELLO, folder, dirs_exist_ok=True)
    world.ours.ok("init")
    found = re.search(r"Deployment URL: (\S+)", world.ours.ok("up"))
    assert found is not None
    try:
        yield found[1]
    finally:
        world.ours.folder = folder
        world.ours.ok("destroy", "-auto-approve")


@pytest.fixture(scope="module")
def hello(module_world: World) -> Iterator[str]:
    with deployed(module_world) as url:
        yield url


APP = ("-project=hello", "-app=web")


@pytest.mark.parametrize("name", SCRIPTS)
def test_commands(there: World, name: str) -> None:
    facts = {"ADDRESS": there.server.address, "TOKEN": there.go.environ["WAYPOINT_SERVER_TOKEN"], "VERSION": VERSION}
    there.go.plays(re.sub("ADDRESS|TOKEN|VERSION", lambda found: facts[found[0]], SCRIPTS[name]))


def test_an_invited_user_logs_in(there: World, tmp_path: Path) -> None:
    invite = there.go.ok("user", "invite", "-username=carol").strip()
    own = {"HOME": str(tmp_path), "WAYPOINT_SERVER_ADDR": "", "WAYPOINT_SERVER_TOKEN": ""}
    at = (f"-server-addr={there.server.address}", "-server-tls-skip-verify")
    assert "logged in" in there.go.shown("login", *at, f"-token={invite}", **own)
    assert 'username:"carol"' in there.go.shown("user", "inspect", **own)
    assert "used already" in there.go.shown("login", *at, f"-token={invite}", code=1, **own)
    assert "not valid" in there.go.shown("login", *at, "-token=xx", code=1, **own)


def test_lists_of_what_our_command_line_made(there: World, hello: str) -> None:
    there.go.plays(
        """
        $ deployment list -project=hello -app=web -url
          🚀 | 1 | local | artifact:1 |
          | ✔ -
          | http://localhost:
        $ deployment list -project=hello -app=web -json
          "sequence": 1
        $ release list -project=hello -app=web
          🚀 | 1 | 1 | local | artifact:1 |
        $ artifact list -project=hello -app=web -V
          ✔ | 1 | files | build:1 |
        $ artifact list-builds -project=hello -app=web
          ✔ | 1 | default | files |
        $ project inspect -project=hello
          Applications: web
          Workspaces: default
        $ status -project=hello
          web default ✔ READY
        $ status -project=hello -app=web
          web v1 default local id:1 SUCCESS 1
          process web local READY
        $ status
          hello default 1 READY 1 READY
        $ job list -project=hello
          Up | Success
    """
    )


def test_execution(there: World, hello: str) -> None:
    def ran(script: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            [*there.go.command, "exec", *APP, "sh", "-c", script], env=there.go.environ, cwd=there.go.folder,
            input=stdin, capture_output=True, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    assert ran("echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")
    assert ran("kill -9 $$") == (137, b"", b"")
    assert ran("cat; echo the end", b"given") == (0, b"giventhe end\n", b"")
    assert ran("cat", MEGABYTE) == (0, MEGABYTE, b"")
    code, out, err = ran("exec no-such-command")
    assert (code, out) == (127, b"")
    assert b"not found" in err
    with ThreadPoolExecutor(SESSIONS) as pool:
        many = list(pool.map(lambda number: ran(f"cat; exit {number}", b"%d" % number), range(SESSIONS)))
    assert many == [(number, b"%d" % number, b"") for number in range(SESSIONS)]


def test_execution_on_a_terminal(there: World, hello: str) -> None:
    command = [*there.go.command, "exec", *APP, "sh"]
    with Terminal(command, there.go.environ, str(there.go.folder), columns=77) as terminal:
        child = terminal.child
        child.expect("Connected to deployment v1", timeout=DEADLINE)
        child.sendline("stty size; echo $TERM; echo ready$((1+1))")
        child.expect(r"30 77\s+xterm-256color\s+ready2", timeout=DEADLINE)
        child.setwinsize(40, 100)
        child.sendline("until [ \"$(stty size)\" = '40 100' ]; do :; done; echo resized$((1+1))")
        child.expect("resized2", timeout=DEADLINE)
        child.sendline("sh -c 'trap \"exit 3\" INT; echo waits; while :; do sleep 0.05; done'; echo came$?")
        child.expect(r"waits\s*\n", timeout=DEADLINE)
        child.send("\x03")
        child.expect("came3", timeout=DEADLINE)
        child.sendline("exit 9")
        eventually(lambda: not terminal.read())
        child.wait()
        assert child.exitstatus == 9


def test_configuration_reaches_the_application(there: World, hello: str) -> None:
    def greeted() -> str:
        # The application starts again, and the session that meets this is not one of it.
        return there.go.run("exec", *APP, "sh", "-c", "echo [$GREETED]").stdout.strip()

    there.go.shown("config", "set", *APP, "-scope=app", "GREETED=Go and=100%")
    eventually(lambda: greeted() == "[Go and=100%]")
    there.go.shown("config", "delete", *APP, "-scope=app", "GREETED")
    eventually(lambda: greeted() == "[]")


@contextmanager
def following(world: World, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`logs` as long as it goes on; what it says is in `log`."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*world.go.command, "logs", *APP], env=world.go.environ, cwd=log.parent, stdin=subprocess.DEVNULL,
            stdout=file, stderr=file,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def fetch(url: str) -> None:
    urllib.request.urlopen(url, timeout=DEADLINE).close()


def test_logs(there: World, hello: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with following(there, log) as process:
        eventually(lambda: b"listening on port" in log.read_bytes())
        assert re.search(rb"^\d{4}-\d\d-\d\dT\S+Z \w{6}: listening on port \d+$", log.read_bytes(), re.MULTILINE)
        fetch(f"{hello}/seen-while-following")
        eventually(lambda: b"GET /seen-while-following" in log.read_bytes())
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 1
    missing = there.go.shown("logs", *APP, "-deployment-seq=77", code=1)
    assert "There is no deployment 77" in missing


def test_jobs_of_its_own_runner(there: World) -> None:
    there.project("quick", {"waypoint.hcl": QUICK.replace("PROJECT", "quick")})
    there.go.plays(
        """
        $ init
          Project "quick" pipelines are registered
          Project initialized!
        $ init -update
          Project initialized!
        $ pipeline list
          ship | quick | 1
        $ up -var=colour=blue -label=team=x
          Performing operation locally
          Using Docker image in remote registry: never-pulled:1
          deployed here
          colour | blue | string | cli
          The deploy was successful!
        $ config sync
          Pipeline "ship" (project:"quick") synchronized!
        $ config get -app=web
          app: web | COLOUR | is red |
        $ pipeline list
          ship | quick | 2
        ! pipeline run ship
          has no data source
        $ build
          Created artifact v2
        $ deployment list -long-ids -V
          🚀 | 1 (01
        $ workspace inspect
          Name: default
          quick
        $ destroy -auto-approve
          Destroy successful!
        $ deployment list
          No deployments found
        $ deployment list -physical-state=any
          | 1 | exec
        $ job list -project=quick -limit=2
          Destroy | Success
          Build | Success
    """
    )


@pytest.mark.parametrize("whose", ["go", "ours"])
def test_jobs_of_a_remote_runner(there: World, whose: str) -> None:
    project = f"remote-{whose}"
    folder = there.project(project, {"waypoint.hcl": QUICK.replace("PROJECT", project)})
    for command in (["init", "-b", "main"], ["add", "."], ["commit", "-m", "one"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *command], cwd=folder, check=True,
            capture_output=True,
        )  # fmt: skip
    there.go.folder = folder.parent
    there.go.shown("project", "apply", "-data-source=git", f"-git-url={folder}", "-git-ref=main",
                   f"-waypoint-hcl={folder}/waypoint.hcl", project)  # fmt: skip
    runner = f"runner-{whose}"
    token = there.go.ok("runner", "token", f"-id={runner}").strip()
    peer = there.go if whose == "go" else there.ours
    with there.runner(peer, f"-id={runner}", "-label=kind=test", WAYPOINT_SERVER_TOKEN=token):
        eventually(lambda: f"{runner} | preadopted | remote | kind:test" in there.go.shown("runner", "list"))
        there.go.plays(
            f"""
            $ runner inspect {runner}
              Adoption State: preadopted
              Online: true
            $ build -project={project} -app=web -local=false -var=colour=green
              remote runner with id "{runner}"
              Created artifact v1
              colour | green | string | cli
            $ config sync -project={project} -app=web -local=false
              remote runner with id "{runner}"
              Pipeline "ship" (project:"{project}") synchronized!
            $ pipeline run -project={project} -app=web -local=false ship
              2 steps detected, run sequence 1
              Executing Step "b" in workspace: "default"
              Executing Step "d" in workspace: "default"
              deployed here
              finished! 2/2 steps successfully completed.
            $ pipeline run -project={project} -app=web -reattach ship
              deployed here
              finished! 2/2 steps successfully completed.
            $ pipeline list -project={project}
              ship | {project} | 2 |
              | success | 1
            $ pipeline inspect -project={project} -name=ship -run=1
              Run Sequence: 1
              State: SUCCESS
              Git Commit Message: one
            $ job list -project={project} -pipeline-name=ship
              Deploy | Success
              Build | Success
            $ artifact list-builds -project={project} -app=web
              ✔ | 2 | default | docker-ref |
              name: ship, run: 1, step: b
              ✔ | 1 | default | docker-ref |
            ! build -project={project} -app=web -local=false -remote-source=ref=nowhere
              remote runner with id "{runner}"
            $ job list -project={project} -state=Error
              Build | Error
            $ destroy -project={project} -app=web -local=false -auto-approve
              Destroy successful!
            $ runner forget {runner}
        """
        )


def test_a_runner_is_adopted(there: World) -> None:
    cookie = there.go.ok("server", "cookie").strip()
    guest = {"WAYPOINT_SERVER_TOKEN": "-", "WAYPOINT_SERVER_COOKIE": cookie}
    with there.runner(there.go, "-id=foundling", "-label=a=b", **guest) as log:
        eventually(lambda: "foundling | pending | remote | a:b" in there.go.shown("runner", "list"))
        there.go.shown("runner", "adopt", "foundling")
        eventually(lambda: "waiting for job assignment" in log.read_text())
        assert "foundling | adopted | remote | a:b" in there.go.shown("runner", "list")
    there.go.shown("runner", "forget", "foundling")
    with there.runner(there.go, "-id=stranger", **guest) as log:
        eventually(lambda: "stranger | pending" in there.go.shown("runner", "list"))
        there.go.shown("runner", "reject", "stranger")
        eventually(lambda: "rejected" in log.read_text())


def test_triggers(there: World) -> None:
    there.go.shown("project", "apply", "-data-source=git", "-git-url=https://git.example/x.git", "pulled")
    asked = ("-project=pulled", "-app=web")
    made = there.go.shown("trigger", "create", *asked, "-name=t1", "-op=build", "-trigger-tag=a", "-no-auth")
    found = re.search(r"Trigger URL: https://\S+(/v1/trigger/(\w+))", made)
    assert found is not None
    path, name = found.groups()
    there.go.shown("trigger", "create", *asked, "-name=t2", "-op=up")
    there.go.plays(
        f"""
        $ trigger list
          {name} | t1 | default | pulled | web | build
          | t2 | default | pulled | web | up
        $ trigger list -full -trigger-tag=a
          {name} | t1 | default | pulled | web | build | false
        $ trigger update -id={name} -description=changed -op=build -no-auth
        $ trigger inspect {name}
          Authenticated: false
          Operation: build
    """
    )
    insecure = ssl._create_unverified_context()
    request = urllib.request.Request(f"https://{there.http}{path}", method="POST", data=b"{}")
    urllib.request.urlopen(request, timeout=DEADLINE, context=insecure).close()
    (job,) = re.findall(r"(\w+) \| Build \| Queued", there.go.shown("job", "list", "-project=pulled"))
    there.go.plays(
        f"""
        $ trigger list -full -trigger-tag=a
          {name} | t1 | default | pulled | web | build | false | changed | a |
        $ job cancel {job}
        $ job inspect {job}
          State: Error
          Error Message: canceled
        ! job get-stream {job}
          canceled
        $ trigger delete {name}
        ! trigger inspect {name}
          {name}
    """
    )


def test_docker(there: World, docker_client: docker.DockerClient, busybox_image: str) -> None:
    name = f"gocli-{there.server.address.rpartition(':')[2]}"
    there.project(
        "docker",
        {
            "Dockerfile": f'FROM {busybox_image}\nCMD ["sh", "-c", "exec sleep 1000"]\n',
            "waypoint.hcl": f"""
                project = "{name}"
                app "{name}" {{
                  build {{
                    use "docker" {{
                      disable_entrypoint = true
                    }}
                  }}
                  deploy {{
                    use "docker" {{}}
                  }}
                }}
            """,
        },
    )
    try:
        there.go.plays(
            f"""
            $ init
              Project initialized!
            $ up
              Image built: waypoint.local/{name}:latest
              App deployed as container: {name}-
              All 2 resources are reporting READY
            $ status -app={name}
              {name} default ✔ READY
              container {name}-
            ! exec true
              No instance of this deployment is connected
            $ deployment destroy -all
              1 deployments will be destroyed
            $ deployment list
              No deployments found
        """
        )
        assert docker_client.containers.list(all=True, filters={"name": name}) == []
    finally:
        for container in docker_client.containers.list(all=True, filters={"name": name}):
            container.remove(force=True)
        with suppress(docker.errors.ImageNotFound):
            docker_client.images.remove(f"waypoint.local/{name}:latest", force=True)


def test_a_snapshot_comes_back(tmp_path: Path) -> None:
    with world(tmp_path / "world", go_waypoint()) as own:
        own.go.shown("project", "apply", "kept")
        snapshot = tmp_path / "snapshot"
        with snapshot.open("wb") as file:
            subprocess.run([*own.go.command, "server", "snapshot", "-"], env=own.go.environ, stdout=file, check=True)
        own.go.shown("project", "apply", "lost")
        assert "restored" in own.go.shown("server", "restore", str(snapshot))
        assert own.go.shown("project", "list").split() == ["kept"]


def test_logs_end_with_the_server_and_go_on_with_the_next_and_a_runner_comes_back(tmp_path: Path) -> None:
    with (
        world(tmp_path / "world", go_waypoint()) as own,
        deployed(own) as url,
        own.runner(own.go, "-id=patient"),
    ):
        log = tmp_path / "log"
        eventually(lambda: "patient | preadopted" in own.go.shown("runner", "list"))
        with following(own, log) as process:
            eventually(lambda: b"listening on port" in log.read_bytes())
            own.restart()
            assert process.wait(DEADLINE) == 1
        assert b"Unavailable" in log.read_bytes()
        fetch(f"{url}/after-the-restart")
        with following(own, log):
            eventually(lambda: b"GET /after-the-restart" in log.read_bytes())
        eventually(lambda: "patient | preadopted" in own.go.shown("runner", "list"))
