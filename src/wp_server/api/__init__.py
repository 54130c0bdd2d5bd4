"""Thin gRPC handlers, one module per domain: check the request, make one call into the store or queue, answer.

A handler class has one public coroutine (or asynchronous generator) per RPC, named like it; `app.py` finds them so.
"""
