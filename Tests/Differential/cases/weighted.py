"""Weights that leave no choice, so that answers are sure; and clusters named by the request."""

from exchange import Case, Read, Send, get, request

CASES = [
    Case("all to the first", steps=[part for _ in range(5) for part in (Send(request("GET /all-a")), Read())]),
    Case("all to the second", steps=[part for _ in range(5) for part in (Send(request("GET /all-b")), Read())]),
    get("fields of a weighted cluster", "/mutated", "x-remove: 1", "x-keep: 2"),
    get("cluster by header", "/by-header", "x-cluster: b"),
    get("cluster by header that is unknown", "/by-header", "x-cluster: nowhere"),
    get("cluster by a missing header", "/by-header"),
    get("weighted cluster that is unknown", "/gone"),
]
