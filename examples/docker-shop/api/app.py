"""The shop's stock as JSON."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VERSION = Path("version.txt").read_text().strip()


class Stock(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"stock": int(os.environ["STOCK"]), "version": VERSION}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        print("request", self.path, flush=True)


print(f"stock {VERSION} listens on {os.environ['PORT']}", flush=True)
ThreadingHTTPServer(("", int(os.environ["PORT"])), Stock).serve_forever()
