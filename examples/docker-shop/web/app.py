"""The shop's front: says its name and version."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VERSION = Path("version.txt").read_text().strip()


class Front(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{os.environ.get('SHOP_NAME', 'A shop')} (version {VERSION})\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        print("request", self.path, flush=True)


print(f"shop front {VERSION} listens on {os.environ['PORT']}", flush=True)
ThreadingHTTPServer(("", int(os.environ["PORT"])), Front).serve_forever()
