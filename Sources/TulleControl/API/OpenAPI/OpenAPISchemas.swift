/// The shapes of the API's bodies as JSON Schema; the tests hold every answer against them.
enum OpenAPISchemas {
    static let json = #"""
        {
        "Object": {"type": "object"},
        "Error": {"type": "object", "properties": {"code": {"type": "integer"}, "reason": {"type": "string", "enum":
        ["BadRequest", "Forbidden", "NotFound", "MethodNotAllowed", "Conflict", "OwnedElsewhere", "Expired",
        "RequestEntityTooLarge", "UnsupportedMediaType", "Invalid", "InternalError", "ServiceUnavailable"]},
        "message": {"type": "string"}, "details": {"type": "array", "items": {"$ref":
        "#/components/schemas/Detail"}}}, "required": ["code", "reason", "message", "details"]},
        "Detail": {"type": "object", "properties": {"message": {"type": "string"}, "file": {"type": "string"}, "line":
        {"type": "integer"}, "column": {"type": "integer"}, "path": {"type": "string"}}, "required": ["message"]},
        "Health": {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]},
        "Resource": {"type": "object", "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string",
        "enum": ["Service", "EndpointSlice", "HTTPRoute", "GRPCRoute", "TCPRoute", "BackendPolicy",
        "AuthorizationPolicy", "MeshPolicy"]}, "metadata":
        {"type": "object", "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}, "resourceVersion":
        {"type": "string"}, "generation": {"type": "integer"}, "creationTimestamp": {"type": "string"}, "labels":
        {"type": "object", "additionalProperties": {"type": "string"}}, "annotations": {"type": "object",
        "additionalProperties": {"type": "string"}}}, "required": ["name"]}, "status": {"type": "object",
        "properties": {"conditions": {"type": "array", "items": {"$ref": "#/components/schemas/Condition"}}},
        "required": []}}, "required": ["apiVersion", "kind", "metadata"], "description": "A Kubernetes resource as its
        author wrote it"},
        "Documents": {"oneOf": [{"$ref": "#/components/schemas/Resource"}, {"type": "array", "minItems": 1, "items":
        {"$ref": "#/components/schemas/Resource"}}], "description": "One resource or a list of them; in YAML, any
        number of documents"},
        "Condition": {"type": "object", "properties": {"type": {"type": "string"}, "status": {"type": "string",
        "enum": ["True", "False", "Unknown"]}, "reason": {"type": "string"}, "message": {"type": "string"},
        "observedGeneration": {"type": "integer"}}, "required": ["type", "status", "reason", "message",
        "observedGeneration"]},
        "ResourceList": {"type": "object", "properties": {"resourceVersion": {"type": "string"}, "items": {"type":
        "array", "items": {"$ref": "#/components/schemas/Resource"}}}, "required": ["resourceVersion", "items"]},
        "ApplyResult": {"type": "object", "properties": {"dryRun": {"type": "boolean"}, "resourceVersion": {"type":
        "string"}, "items": {"type": "array", "items": {"type": "object", "properties": {"apiVersion": {"type":
        "string"}, "kind": {"type": "string"}, "namespace": {"type": "string"}, "name": {"type": "string"}, "outcome":
        {"type": "string", "enum": ["created", "configured", "unchanged", "deleted"]}, "resourceVersion": {"type":
        "string"}}, "required": ["apiVersion", "kind", "namespace", "name", "outcome"]}}}, "required": ["dryRun",
        "resourceVersion", "items"]},
        "WatchEvent": {"type": "object", "properties": {"type": {"type": "string", "enum": ["ADDED", "MODIFIED",
        "DELETED", "BOOKMARK", "ERROR"]}, "resourceVersion": {"type": "string"}, "object": {"$ref":
        "#/components/schemas/Resource"}, "error": {"$ref": "#/components/schemas/Error"}}, "required": ["type",
        "resourceVersion"]},
        "Workload": {"type": "object", "properties": {"id": {"type": "string"}, "service": {"type": "string"},
        "namespace": {"type": "string"}, "account": {"type": "string"}, "identity": {"type": "string"}, "name": {"type": "string"}, "version":
        {"type": "string"}, "labels": {"type": "object", "additionalProperties": {"type": "string"}}, "address":
        {"type": "string"}, "ports": {"type": "array", "items": {"type": "object", "properties": {"name": {"type":
        "string"}, "app": {"type": "integer"}, "inbound": {"type": "integer"}, "protocol": {"type": "string"}},
        "required": ["name", "app", "inbound", "protocol"]}}, "admin": {"type": "string"}, "pid": {"type": "integer"},
        "run": {"type": "string"}, "locality": {"type": "string"}, "state": {"type": "string", "enum": ["connected",
        "starting", "lost", "exiting"]}}, "required": ["id", "service", "namespace", "account", "name", "version", "labels",
        "address", "ports", "admin", "pid", "run", "locality", "state"]},
        "WorkloadList": {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref":
        "#/components/schemas/Workload"}}}, "required": ["items"]},
        "Service": {"type": "object", "properties": {"name": {"type": "string"}, "namespace": {"type": "string"},
        "implicit": {"type": "boolean"}, "ports": {"type": "array", "items": {"type": "object", "properties": {"name":
        {"type": "string"}, "port": {"type": "integer"}, "targetPort": {"type": "string"}, "protocol": {"type":
        "string"}}, "required": ["name", "port", "targetPort", "protocol"]}}, "endpoints": {"type": "array", "items":
        {"type": "object", "properties": {"port": {"type": "integer"}, "address": {"type": "string"}, "endpointPort":
        {"type": "integer"}, "health": {"type": "string", "enum": ["healthy", "starting", "lost", "draining"]},
        "version": {"type": "string"}, "workload": {"type": "string"}}, "required": ["port", "address", "endpointPort", "health",
        "version"]}}, "routes": {"type": "array", "items": {"type": "string"}}}, "required": ["name", "namespace",
        "implicit", "ports", "endpoints", "routes"]},
        "ServiceList": {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref":
        "#/components/schemas/Service"}}}, "required": ["items"]},
        "Proxy": {"type": "object", "properties": {"id": {"type": "string"}, "userAgent": {"type": "string"},
        "flavour": {"type": "string", "enum": ["stateOfTheWorld", "delta"]}, "onDemand": {"type": "boolean"}, "peer":
        {"type": "string"}, "resources": {"type": "array", "items": {"type": "object", "properties": {"type": {"type":
        "string"}, "name": {"type": "string"}, "version": {"type": "string"}, "answer": {"type": "string", "enum":
        ["pending", "accepted", "refused"]}, "error": {"type": "string"}}, "required": ["type", "name", "version",
        "answer"]}}, "workload": {"type": "string"}}, "required": ["id", "userAgent", "flavour", "onDemand", "peer",
        "resources"]},
        "ProxyList": {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref":
        "#/components/schemas/Proxy"}}}, "required": ["items"]},
        "Status": {"type": "object", "properties": {"version": {"type": "string"}, "startedAt": {"type": "string",
        "format": "date-time"}, "ready": {"type": "boolean"}, "xds": {"type": "string"}, "store": {"type": "object",
        "properties": {"path": {"type": "string"}, "resourceVersion": {"type": "string"}, "error": {"type":
        "string"}}, "required": ["path", "resourceVersion"]}, "resources": {"type": "object", "additionalProperties":
        {"type": "integer"}}, "services": {"type": "integer"}, "workloads": {"type": "integer"}, "proxies": {"type":
        "integer"}, "refusals": {"type": "array", "items": {"type": "object", "properties": {"proxy": {"type":
        "string"}, "type": {"type": "string"}, "name": {"type": "string"}, "resources": {"type": "array", "items":
        {"type": "string"}}, "reason": {"type": "string"}}, "required": ["proxy", "type", "name", "resources",
        "reason"]}}, "watch": {"type": "object", "properties": {"path": {"type": "string"}, "files": {"type": "array",
        "items": {"type": "object", "properties": {"path": {"type": "string"}, "resources": {"type": "array", "items":
        {"type": "string"}}, "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Detail"}}},
        "required": ["path", "resources", "errors"]}}, "errors": {"type": "array", "items": {"$ref":
        "#/components/schemas/Detail"}}}, "required": ["path", "files", "errors"]}}, "required": ["version",
        "startedAt", "ready", "xds", "store", "resources", "services", "workloads", "proxies", "refusals"]},
        "Stats": {"type": "object", "properties": {"window": {"type": "number"}, "rows": {"type": "array", "items":
        {"type": "object", "properties": {"namespace": {"type": "string"}, "service": {"type": "string"}, "direction":
        {"type": "string", "enum": ["inbound", "outbound"]}, "reporters": {"type": "integer"}, "requests": {"type":
        "number"}, "plaintext": {"type": "number"}, "rps": {"type": "number"}, "successRate": {"type": "number"}, "p50": {"type": "number"}, "p95":
        {"type": "number"}, "p99": {"type": "number"}, "tcp": {"type": "object", "properties": {"opened": {"type":
        "number"}, "closed": {"type": "number"}, "receivedBytes": {"type": "number"}, "sentBytes": {"type":
        "number"}}, "required": ["opened", "closed", "receivedBytes", "sentBytes"]}}, "required": ["namespace",
        "service", "direction", "reporters", "requests", "plaintext", "rps"]}}, "unreachable": {"type": "array", "items": {"type":
        "object", "properties": {"workload": {"type": "string"}, "reason": {"type": "string"}}, "required":
        ["workload", "reason"]}}}, "required": ["window", "rows", "unreachable"]},
        "JoinTokenRequest": {"type": "object", "properties": {"serviceAccount": {"type": "string", "description":
        "NAMESPACE/NAME"}, "ttlSeconds": {"type": "integer", "minimum": 1, "maximum": 2592000}, "uses": {"type":
        "integer", "minimum": 1, "maximum": 1000000}}, "required": ["serviceAccount", "ttlSeconds", "uses"]},
        "JoinToken": {"type": "object", "properties": {"id": {"type": "string"}, "serviceAccount": {"type": "string"},
        "createdAt": {"type": "string", "format": "date-time"}, "expiresAt": {"type": "string", "format":
        "date-time"}, "uses": {"type": "integer"}, "used": {"type": "integer"}, "lastUsedAt": {"type": "string",
        "format": "date-time"}, "state": {"type": "string", "enum": ["active", "used", "expired", "revoked"]}},
        "required": ["id", "serviceAccount", "createdAt", "expiresAt", "uses", "used", "state"]},
        "NewJoinToken": {"type": "object", "properties": {"token": {"type": "string"}, "record": {"$ref":
        "#/components/schemas/JoinToken"}}, "required": ["token", "record"]},
        "JoinTokenList": {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref":
        "#/components/schemas/JoinToken"}}}, "required": ["items"]},
        "Authority": {"type": "object", "properties": {"trustDomain": {"type": "string"}, "socket": {"type": "string"}, "signing": {"type":
        "string"}, "lifetimeSeconds": {"type": "integer"}, "certificates": {"type": "array", "items": {"type":
        "object", "properties": {"subject": {"type": "string"}, "serial": {"type": "string"}, "fingerprint": {"type":
        "string"}, "notBefore": {"type": "string", "format": "date-time"}, "notAfter": {"type": "string", "format":
        "date-time"}}, "required": ["subject", "serial", "fingerprint", "notBefore", "notAfter"]}}, "issued": {"type":
        "integer"}, "live": {"type": "integer"}, "expiresNext": {"type": "array", "items": {"type": "object",
        "properties": {"serial": {"type": "string"}, "id": {"type": "string"}, "proof": {"type": "string"},
        "issuedAt": {"type": "string", "format": "date-time"}, "expiresAt": {"type": "string", "format":
        "date-time"}}, "required": ["serial", "id", "proof", "issuedAt", "expiresAt"]}}, "denied": {"type": "array",
        "items": {"$ref": "#/components/schemas/Denial"}}}, "required": ["trustDomain", "signing", "socket", "lifetimeSeconds",
        "certificates", "issued", "live", "expiresNext", "denied"]},
        "AccessQuestion": {"type": "object", "properties": {"from": {"type": "string"}, "to": {"type": "string"}, "port":
        {"type": "integer"}, "method": {"type": "string"}, "path": {"type": "string"}, "host": {"type": "string"}, "ip":
        {"type": "string"}, "headers": {"type": "object", "additionalProperties": {"type": "string"}}}, "required":
        ["from", "to"]},
        "AccessAnswer": {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object",
        "properties": {"principal": {"type": "string"}, "verdict": {"type": "object", "properties": {"workload": {"type":
        "string"}, "port": {"type": "integer"}, "allowed": {"type": "boolean"}, "reason": {"type": "string"}, "policies":
        {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "action": {"type":
        "string"}, "dryRun": {"type": "boolean"}, "matched": {"type": "string"}, "misses": {"type": "array", "items":
        {"type": "string"}}}, "required": ["name", "action", "dryRun", "misses"]}}}, "required": ["workload", "port",
        "allowed", "reason", "policies"]}}, "required": ["principal", "verdict"]}}}, "required": ["items"]},
        "DenialRequest": {"type": "object", "properties": {"subject": {"type": "string"}}, "required": ["subject"]},
        "Denial": {"type": "object", "properties": {"subject": {"type": "string"}, "createdAt": {"type": "string",
        "format": "date-time"}}, "required": ["subject", "createdAt"]}
        }
        """#
}
