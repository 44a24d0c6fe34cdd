"""Resources that the tests apply."""


def service(name: str, selector: dict[str, str] | None = None, port: int = 80, target: str = "http") -> str:
    """A Service over the workloads with these labels (`app: name` if none are given)."""
    labels = ", ".join(f"{key}: {value}" for key, value in (selector or {"app": name}).items())
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{{labels}}}
  ports: [{{name: http, port: {port}, targetPort: {target}, appProtocol: http}}]
---
"""


def split(name: str, weights: dict[str, int]) -> str:
    """An HTTPRoute that splits a service's requests by weight."""
    backends = ", ".join(f"{{name: {backend}, port: 80, weight: {weight}}}" for backend, weight in weights.items())
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}}}
spec:
  parentRefs: [{{group: "", kind: Service, name: {name}}}]
  rules:
    - backendRefs: [{backends}]
---
"""


#: `web` with its versions as services of their own.
WEB = service("web") + service("web-v1", {"app": "web", "version": "v1"}) + service(
    "web-v2", {"app": "web", "version": "v2"})
