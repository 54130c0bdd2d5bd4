"""Projects that tests bring up for real, with the platform that runs processes on this machine."""

from __future__ import annotations

from pathlib import Path

APP = """\
import http.server, os, sys
print("hello 100% \\x1b[31mred\\x1b[0m [bold]", flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("served", self.path, flush=True)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(("%s %s" % (os.environ.get("NAME"), os.environ.get("GREETING"))).encode())
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

STAGES = """\
app "{name}" {{
  build {{
    {hook}
    use "files" {{}}
  }}
  deploy {{
    use "local" {{
      command = {command}
    }}
  }}
  release {{
    use "local" {{}}
  }}
}}
"""


NULL_STAGES = """\
app "{name}" {{
  build {{
    {hook}
    use "null" {{}}
  }}
  deploy {{
    use "null" {{}}
  }}
}}
"""


def app(name: str, hook: str = "", command: str = '["python3", "app.py"]', stages: str = "local") -> str:
    """An app that runs as a process, or with `stages="null"` one whose stages do nothing."""
    return (NULL_STAGES if stages == "null" else STAGES).format(name=name, hook=hook, command=command)


def write_project(folder: Path, *apps: str, name: str = "shop") -> None:
    (folder / "app.py").write_text(APP)
    (folder / "waypoint.hcl").write_text(f'project = "{name}"\n\n' + "\n".join(apps))


def waits_for(path: Path, started: Path) -> str:
    """A hook that makes `started`, then waits until `path` exists."""
    script = f"touch {started}; while [ ! -e {path} ]; do sleep 0.05; done"
    return f'hook {{\n      when    = "before"\n      command = ["sh", "-c", "{script}"]\n    }}'
