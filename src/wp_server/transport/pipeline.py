"""From bytes to a handler's answer, the same way for every RPC (server.md §1.3).

One closure per method does, in order: access log, protocol versions, authentication, decoding, the handler, encoding,
errors. There are no grpc.aio interceptors: each would cost every unary call another pair of coroutines.

Long streams never end cleanly or with CANCELLED by our own doing: Go runners and entrypoints would not come back
(server.md §1.9). `Pipeline.drain` ends them with UNAVAILABLE.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from wp_server.auth import identity
from wp_server.errors import DomainError, InvalidArgument, ResourceExhausted, Unimplemented
from wp_server.store.patience import be_patient
from wp_server.transport import farewell, keepalive, status, versions
from wp_server.transport.in_process import InProcessContext

MAX_ANSWER = 4 * 1024 * 1024
"""Bytes; grpc-go clients refuse larger messages."""

log = logging.getLogger("waypoint.server.rpc")

Context = grpc.aio.ServicerContext[bytes, bytes]
Unary = Callable[[Message, Context], Awaitable[Message]]
Answer = Message | bytes
"""What a stream handler yields: a message, or one it serialized itself."""
ServerStream = Callable[[Message, Context], AsyncGenerator[Answer, None]]
ClientStream = Callable[[AsyncIterator[Message], Context], Awaitable[Message]]
Bidirectional = Callable[[AsyncIterator[Message], Context], AsyncGenerator[Answer, None]]
Handler = Unary | ServerStream | ClientStream | Bidirectional
Decoder = Callable[[bytes], Message]
Read = Callable[[], Awaitable[object]]
"""Waits for the next message of a stream, as bytes; `grpc.aio.EOF` at its end."""


class Authenticator(Protocol):
    """What the pipeline asks of `wp_server.auth`."""

    async def admit(self, rpc: str, token: str, cookie: str = "") -> identity.Identity:
        """Returns the caller of `rpc`, which may be ANONYMOUS. Errors: Unauthenticated, PermissionDenied."""
        ...

    async def authorize(self, rpc: str, caller: identity.Identity, request: Message) -> None:
        """Checks the objects of a request (of a stream: its first). Errors: PermissionDenied, NotFound."""
        ...


class Watch(Protocol):
    """Somebody who counts or traces calls."""

    def begin(self, rpc: str, streaming: bool, metadata: versions.Metadata) -> Callable[[str, float], None]:
        """Is told that a call begins; returns what is told the name of its status and its seconds when it ends."""
        ...


@dataclass(eq=False)
class _Running:
    """A call in progress. `cut` says that we, not the peer, cancelled it."""

    task: asyncio.Task[Any]
    rpc: str
    cut: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        self.cut = True
        self.task.cancel()


class Pipeline(grpc.GenericRpcHandler):
    """Serves one service. RPCs of the descriptor without a handler answer Unimplemented, after authentication."""

    def __init__(
        self,
        service: ServiceDescriptor,
        handlers: Mapping[str, Handler],
        authenticator: Authenticator,
        *,
        decoders: Mapping[str, Decoder] | None = None,
        ticker: keepalive.Ticker | None = None,
        watches: Sequence[Watch] = (),
        unwanted: keepalive.Unwanted | None = None,
    ) -> None:
        unknown = set(handlers) - set(service.methods_by_name)
        if unknown:
            raise ValueError(f"{service.full_name} has no such RPC: {', '.join(sorted(unknown))}")
        self._authenticator = authenticator
        self._ticker = ticker or keepalive.Ticker()
        self._unwanted = unwanted or keepalive.Unwanted()
        self._streams: set[_Running] = set()
        self._calls: set[_Running] = set()
        self._draining = False
        self._cut = False
        self.service_descriptor = service
        self._watches = tuple(watches)
        self._streaming = {one.name for one in service.methods if one.client_streaming or one.server_streaming}
        self._handlers = {
            method.name: handlers.get(method.name) or _unimplemented(method) for method in service.methods
        }
        decoders = decoders or {}
        self._methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            f"/{service.full_name}/{method.name}": self._method(
                method, self._handlers[method.name], decoders.get(method.name)
            )
            for method in service.methods
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """Returns the method's closure; None lets grpc answer Unimplemented for foreign services."""
        return self._methods.get(handler_call_details.method)

    @property
    def open_streams(self) -> int:
        """How many streaming calls run now."""
        return len(self._streams)

    @property
    def open_calls(self) -> int:
        """How many unary calls run now."""
        return len(self._calls)

    async def run(self) -> None:
        """Sends keepalives until cancelled."""
        await self._ticker.run()

    async def begin(self, rpc: str, request: Message, metadata: Mapping[str, str]) -> AsyncGenerator[Answer, None]:
        """Admits a call that did not come by gRPC, and returns its answers: one, or those of a stream.

        The caller iterates them in the same task or a child of it. Errors, also while iterating: DomainError.
        """
        context = cast(Context, InProcessContext(metadata))
        end = self._watched(rpc, context)
        try:
            if self._draining:
                raise status.SHUTTING_DOWN
            await self._admit(rpc, context)
            await self._authenticator.authorize(rpc, identity.current(), request)
        except DomainError as error:
            end(error.code.name)
            await _delayed(error)
            raise
        return self._answers(rpc, request, context, end)

    async def converse(self, rpc: str, read: Read, metadata: Mapping[str, str]) -> AsyncGenerator[Answer, None]:
        """The same for a call whose requests are a stream, as bytes: `read` returns the next one, or EOF."""
        context = cast(Context, InProcessContext(metadata))
        end = self._watched(rpc, context)
        try:
            if self._draining:
                raise status.SHUTTING_DOWN
            be_patient()
            await self._admit(rpc, context)
        except DomainError as error:
            end(error.code.name)
            await _delayed(error)
            raise
        decode = GetMessageClass(self.service_descriptor.methods_by_name[rpc].input_type).FromString
        requests = self._requests(rpc, decode, read)
        return self._conversation(requests, self._answers(rpc, requests, context, end))

    async def _conversation(
        self, requests: AsyncGenerator[Message, None], answers: AsyncGenerator[Answer, None]
    ) -> AsyncGenerator[Answer, None]:
        async with aclosing(requests), aclosing(answers):
            async for answer in answers:
                yield answer

    async def _answers(
        self, rpc: str, request: Any, context: Context, end: Callable[[str], None]
    ) -> AsyncGenerator[Answer, None]:
        method = self.service_descriptor.methods_by_name[rpc]
        task = asyncio.current_task()
        assert task is not None
        running, code = _Running(task, rpc), "OK"
        group = self._streams if method.server_streaming else self._calls
        group.add(running)
        try:
            if method.server_streaming:
                async with aclosing(cast(ServerStream, self._handlers[rpc])(request, context)) as responses:
                    async for response in responses:
                        yield response
            else:
                yield await cast(Unary, self._handlers[rpc])(request, context)
        except DomainError as error:
            code = error.code.name
            await _delayed(error)
            raise
        except asyncio.CancelledError:
            code = "UNAVAILABLE" if running.cut else "CANCELLED"
            if not running.cut:
                raise
            task.uncancel()
            raise status.SHUTTING_DOWN from None
        except Exception as error:
            code = "INTERNAL"
            raise status.unexpected(rpc, error) from error
        finally:
            group.discard(running)
            running.over.set()
            end(code)

    def _watched(self, rpc: str, context: Context) -> Callable[[str], None]:
        """Begins to watch a call; returns what to tell the code of its end, before the peer is told: who has an answer
        finds it counted. Only the first code is taken.
        """
        started = time.perf_counter()
        streaming = rpc in self._streaming
        ends = [watch.begin(rpc, streaming, context.invocation_metadata() or ()) for watch in self._watches]
        over = False

        def end(code: str) -> None:
            nonlocal over
            if over:
                return
            over = True
            seconds = time.perf_counter() - started
            if log.isEnabledFor(logging.INFO):
                facts = {"rpc": rpc, "code": code, "seconds": round(seconds, 6)}
                if streaming:
                    log.info("%s %s after %.1f s", rpc, code, seconds, extra=facts)
                else:
                    log.info("%s %s %.1f ms", rpc, code, seconds * 1000, extra=facts)
            for one in ends:
                one(code, seconds)

        return end

    def turn_away(self) -> None:
        """Answers UNAVAILABLE to every later stream."""
        self._draining = True

    def drain(self) -> None:
        """Ends every stream with UNAVAILABLE, and every later one. Unary calls still get their answers."""
        self.turn_away()
        for stream in tuple(self._streams):
            stream.end()

    async def drain_over(self, seconds: float) -> None:
        """The same, one stream after the other, so that those who come back do not all come at once."""
        self.turn_away()
        streams = tuple(self._streams)
        for stream in streams:
            if stream in self._streams:
                stream.end()
            await asyncio.sleep(seconds / len(streams))

    def send_back(self, but: str) -> None:
        """Ends every stream but those of one RPC with UNAVAILABLE; whoever comes back is welcome."""
        for stream in tuple(self._streams):
            if stream.rpc != but:
                stream.end()

    async def finished(self) -> None:
        """Returns when no unary call runs.

        A server that closes its listener while calls come in makes gRPC answer CANCELLED to those it has not looked at.
        """
        while self._calls:
            await next(iter(self._calls)).over.wait()

    def cut(self) -> None:
        """Ends unary calls that still run with UNAVAILABLE, and every later one; some wait for minutes, like a runner
        for its adoption.
        """
        self._cut = True
        for call in tuple(self._calls):
            call.end()

    def _method(
        self, method: MethodDescriptor, handler: Handler, decoder: Decoder | None
    ) -> grpc.RpcMethodHandler[bytes, bytes]:
        decode = decoder or GetMessageClass(method.input_type).FromString
        rpc = method.name
        if method.client_streaming:
            if method.server_streaming:
                return grpc.stream_stream_rpc_method_handler(
                    self._stream(rpc, self._bidirectional(rpc, cast(Bidirectional, handler), decode))
                )
            return grpc.stream_unary_rpc_method_handler(
                self._stream(rpc, self._client_stream(rpc, cast(ClientStream, handler), decode))
            )
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._stream(rpc, self._server_stream(rpc, cast(ServerStream, handler), decode))
            )
        return grpc.unary_unary_rpc_method_handler(self._unary(rpc, cast(Unary, handler), decode))

    async def _admit(self, rpc: str, context: Context) -> dict[str, str]:
        pairs = context.invocation_metadata() or ()
        versions.negotiate(rpc, pairs)
        metadata = {key: value for key, value in pairs if isinstance(value, str)}
        token = metadata.get("waypoint-token") or metadata.get("authorization", "").removeprefix("Bearer ")
        identity.enter(await self._authenticator.admit(rpc, token, metadata.get("wpcookie", "")))
        return metadata

    def _unary(self, rpc: str, handler: Unary, decode: Decoder) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def call(raw: bytes, context: Context) -> bytes:
            task = asyncio.current_task()
            assert task is not None
            code, end = "OK", self._watched(rpc, context)
            running = _Running(task, rpc)
            self._calls.add(running)
            try:
                if self._cut:
                    raise status.SHUTTING_DOWN
                await self._admit(rpc, context)
                request = _decoded(decode, raw)
                await self._authenticator.authorize(rpc, identity.current(), request)
                return _encoded(await handler(request, context))
            except DomainError as error:
                code = error.code.name
                await _delayed(error)
                end(code)
                await status.refuse(context, error)
            except grpc.aio.AbortError:
                code = "aborted"
                raise
            except asyncio.CancelledError:
                if not running.cut:
                    code = "CANCELLED"
                    raise
                code = "UNAVAILABLE"
                task.uncancel()
                end(code)
                await status.refuse(context, status.SHUTTING_DOWN)
            except Exception as error:
                code = "INTERNAL"
                refusal = status.unexpected(rpc, error)
                end(code)
                await status.refuse(context, refusal)
            finally:
                self._calls.discard(running)
                running.over.set()
                end(code)

        return call

    def _stream(
        self, rpc: str, serve: Callable[[Any, Context, bool], Awaitable[bytes | None]]
    ) -> Callable[[Any, Context], Awaitable[bytes | None]]:
        method = self.service_descriptor.methods_by_name[rpc]

        async def last_words(context: Context, error: DomainError | None) -> None:
            if method.client_streaming:
                await farewell.say(context, error, in_answers=method.server_streaming)

        async def call(incoming: Any, context: Context) -> bytes | None:
            with self._unwanted.during(rpc, context.peer()):
                return await opened(incoming, context)

        async def opened(incoming: Any, context: Context) -> bytes | None:
            task = asyncio.current_task()
            assert task is not None
            log.info("%s opened", rpc, extra={"rpc": rpc})
            code, end = "OK", self._watched(rpc, context)
            running = _Running(task, rpc)
            self._streams.add(running)
            try:
                if self._draining:
                    self._streams.discard(running)
                    raise status.TURNED_AWAY
                be_patient()
                metadata = await self._admit(rpc, context)
                answer = await serve(incoming, context, metadata.get(keepalive.HEADER) == "true")
                await last_words(context, None)
                return answer
            except DomainError as error:
                code = error.code.name
                await _delayed(error)
                end(code)
                await last_words(context, error)
                await status.refuse(context, error)
            except grpc.aio.AbortError:
                code = "aborted"
                raise
            except asyncio.CancelledError:
                if not running.cut:
                    code = "CANCELLED"
                    raise
                code = "UNAVAILABLE"
                task.uncancel()
                end(code)
                await last_words(context, status.SHUTTING_DOWN)
                await status.refuse(context, status.SHUTTING_DOWN)
            except Exception as error:
                # gRPC fails a write to a peer that has just left before it calls the call cancelled.
                if isinstance(error, grpc.aio.InternalError) or context.cancelled() or context.done():
                    code = "CANCELLED"
                    return None
                code = "INTERNAL"
                refusal = status.unexpected(rpc, error)
                end(code)
                await status.refuse(context, refusal)
            finally:
                self._streams.discard(running)
                running.over.set()
                end(code)

        return call

    def _server_stream(
        self, rpc: str, handler: ServerStream, decode: Decoder
    ) -> Callable[[bytes, Context, bool], Awaitable[None]]:
        async def serve(raw: bytes, context: Context, keepalives: bool) -> None:
            request = _decoded(decode, raw)
            await self._authenticator.authorize(rpc, identity.current(), request)
            await self._answer(handler(request, context), context, keepalives)

        return serve

    def _bidirectional(
        self, rpc: str, handler: Bidirectional, decode: Decoder
    ) -> Callable[[object, Context, bool], Awaitable[None]]:
        async def serve(_: object, context: Context, keepalives: bool) -> None:
            async with aclosing(self._requests(rpc, decode, context.read)) as requests:
                await self._answer(handler(requests, context), context, keepalives)

        return serve

    def _client_stream(
        self, rpc: str, handler: ClientStream, decode: Decoder
    ) -> Callable[[object, Context, bool], Awaitable[bytes]]:
        async def serve(_: object, context: Context, _keepalives: bool) -> bytes:
            async with aclosing(self._requests(rpc, decode, context.read)) as requests:
                return _encoded(await handler(requests, context))

        return serve

    async def _requests(self, rpc: str, decode: Decoder, read: Read) -> AsyncGenerator[Message, None]:
        """Yields what the peer sends, without its keepalives, until it half-closes; the first one is authorized."""
        authorized = False
        caller = identity.current()
        while True:
            raw = await read()
            if raw is grpc.aio.EOF:
                return
            if raw != keepalive.MESSAGE:
                request = _decoded(decode, cast(bytes, raw))
                if not authorized:
                    await self._authenticator.authorize(rpc, caller, request)
                    authorized = True
                yield request

    async def _answer(self, responses: AsyncGenerator[Answer, None], context: Context, keepalives: bool) -> None:
        async with AsyncExitStack() as stack:
            lock = asyncio.Lock()
            if keepalives:
                await stack.enter_async_context(self._kept_alive(context, lock))
            await stack.enter_async_context(aclosing(responses))
            async for response in responses:
                raw = _encoded(response)
                async with lock:
                    await context.write(raw)

    @asynccontextmanager
    async def _kept_alive(self, context: Context, lock: asyncio.Lock) -> AsyncIterator[None]:
        stream = self._ticker.join(context.write, lock)
        try:
            yield
        finally:
            self._ticker.leave(stream)


def _decoded(decode: Decoder, raw: bytes) -> Message:
    try:
        return decode(raw)
    except DecodeError as error:
        raise InvalidArgument(
            "The request is not a valid protobuf message of this call's type, or has text that is not UTF-8."
        ) from error


def _encoded(answer: Answer) -> bytes:
    raw = answer if isinstance(answer, bytes) else answer.SerializeToString()
    if len(raw) > MAX_ANSWER:
        raise ResourceExhausted(
            f"The answer is {len(raw) / 2**20:.1f} MiB, a client takes at most {MAX_ANSWER // 2**20} MiB. "
            "Narrow the filter or ask page by page."
        )
    return raw


async def _delayed(error: DomainError) -> None:
    if error.delay:
        await asyncio.sleep(error.delay)


def _unimplemented(method: MethodDescriptor) -> Handler:
    refusal = f"This server does not offer {method.name}."

    async def answer(_request: object, _context: Context) -> Message:
        raise Unimplemented(refusal)

    async def stream(_request: object, _context: Context) -> AsyncGenerator[Message, None]:
        raise Unimplemented(refusal)
        yield

    return stream if method.server_streaming else answer
