"""A control plane of a few lines: the aggregated stream of Envoy's xDS, state of the world, on gRPC's own library."""

import asyncio

import grpc
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2  # noqa: F401 (Any needs the type)
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2  # noqa: F401
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2  # noqa: F401
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2  # noqa: F401
from envoy.service.discovery.v3 import ads_pb2_grpc, discovery_pb2
from google.protobuf.any_pb2 import Any
from google.protobuf.json_format import ParseDict

_TYPES = {
    "type.googleapis.com/envoy.config.cluster.v3.Cluster": cluster_pb2.Cluster,
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment": endpoint_pb2.ClusterLoadAssignment,
    "type.googleapis.com/envoy.config.listener.v3.Listener": listener_pb2.Listener,
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration": route_pb2.RouteConfiguration,
}
CLUSTERS, ASSIGNMENTS, LISTENERS, ROUTES = _TYPES


class ControlPlane(ads_pb2_grpc.AggregatedDiscoveryServiceServicer):
    """Sends what `publish` was last given, to all streams that have asked for its type."""

    def __init__(self):
        self._resources: dict[str, list[Any]] = {}
        self._versions: dict[str, int] = {}
        self._changed = asyncio.Condition()
        self.refused: list[str] = []
        self.acknowledged = 0

    async def start(self, port: int) -> grpc.aio.Server:
        server = grpc.aio.server()
        ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(self, server)
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        return server

    async def publish(self, kind: str, resources: list[dict]):
        packed = []
        for resource in resources:
            any = Any()
            any.Pack(ParseDict(resource, _TYPES[kind]()))
            packed.append(any)
        async with self._changed:
            self._resources[kind] = packed
            self._versions[kind] = self._versions.get(kind, 0) + 1
            self._changed.notify_all()

    async def StreamAggregatedResources(self, requests, context):
        asked: set[str] = set()
        sent: dict[str, int] = {}

        async def listen():
            async for request in requests:
                if request.HasField("error_detail"):
                    self.refused.append(request.error_detail.message)
                elif request.response_nonce:
                    self.acknowledged += 1
                # A request for other names is one for the type again.
                names = frozenset(request.resource_names)
                async with self._changed:
                    if not request.response_nonce or named.get(request.type_url) != names:
                        sent.pop(request.type_url, None)
                    named[request.type_url] = names
                    asked.add(request.type_url)
                    self._changed.notify_all()

        named: dict[str, frozenset] = {}
        listener = asyncio.ensure_future(listen())
        try:
            while not listener.done():
                async with self._changed:
                    await self._changed.wait_for(lambda: listener.done() or self._next(asked, sent))
                    kind = self._next(asked, sent)
                    if not kind:
                        continue
                    sent[kind] = version = self._versions[kind]
                    response = discovery_pb2.DiscoveryResponse(
                        version_info=str(version), nonce=str(version), type_url=kind, resources=self._resources[kind])
                await context.write(response)
        finally:
            listener.cancel()

    def _next(self, asked: set[str], sent: dict[str, int]) -> str | None:
        # Clusters before endpoints, and listeners before routes, as they make before they break.
        for kind in _TYPES:
            if kind in asked and kind in self._versions and sent.get(kind) != self._versions[kind]:
                return kind
        return None
