"""The mesh's features, as they can be switched in the peers' files (`#@ WORD` there)."""

# What --features on switches on. A proxy does them as it knows how; see the files.
FEATURES = {
    "routing": "two virtual hosts, a route with a header condition before the one that is taken",
    "balancing": "the less busy of two random endpoints; else round robin",
    "retries": "armed for refused and reset connections",
    "timeout": "15 s a request",
    "request-id": "x-request-id is made and passed on (Tulle and Envoy)",
    "outlier": "endpoints that fail are set aside (Envoy; Tulle sets aside what refuses, always)",
    "metrics": "counted (Envoy; Tulle always counts)",
}
# Off in a mesh as it comes; --features each measures them as well.
EXTRAS = {"access-log": "a line a request, to /dev/null"}
ON = frozenset(FEATURES)
OFF = frozenset()
