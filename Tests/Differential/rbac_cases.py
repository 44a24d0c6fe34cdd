"""Access control: groups of rules, each on a listener of its own, and what is asked of them.

A group's `filters` are RBAC filters by their names, in order. A question is `METHOD TARGET`, or a dict that says more: `headers`,
`who` (an identity of `rbac_stage.IDENTITIES`, which brings TLS), `sni`, `source` and `target_ip` (addresses of the loopback
network), or for a TCP listener nothing but those."""


def allow(**policies) -> dict:
    return {"rules": {"action": "ALLOW", "policies": {name.replace("_", "-"): policy for name, policy in policies.items()}}}


def deny(**policies) -> dict:
    return {"rules": {"action": "DENY", "policies": {name.replace("_", "-"): policy for name, policy in policies.items()}}}


ANY = [{"any": True}]


def permits(*permissions) -> dict:
    return {"permissions": list(permissions), "principals": ANY}


def admits(*principals) -> dict:
    return {"permissions": ANY, "principals": list(principals)}


def path(**matcher) -> dict:
    return {"url_path": {"path": matcher}}


def header(name: str, **matcher) -> dict:
    return {"header": {"name": name} | matcher}


def text(name: str, **matcher) -> dict:
    return header(name, string_match=matcher)


def named(**matcher) -> dict:
    return {"authenticated": {"principal_name": matcher}}


def cidr(address: str, length: int) -> dict:
    return {"address_prefix": address, "prefix_len": length}


def gets(*targets) -> list:
    return [f"GET {target}" for target in targets]


def with_headers(*sets) -> list:
    return [{"target": "/", "headers": headers} for headers in sets]


def by(*names, **more) -> list:
    return [{"target": "/", "who": name} | more for name in names]


def from_addresses(*addresses, **more) -> list:
    return [{"target": "/", "source": address} | more for address in addresses]


WEB = "spiffe://mesh.test/ns/shop/sa/web"
ALL_IDENTITIES = ("web", "job", "two", "dns", "both", "subject", "nobody")
RESTRICTED = {"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute"}
FILTER_CONFIG = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig"}


def answer(prefix: str, **settings) -> dict:
    return {"match": {"prefix": prefix}, "direct_response": {"status": 200, "body": {"inline_string": "ok"}}} | settings


def overriding(**filters) -> dict:
    return {"typed_per_filter_config": filters}


GROUPS = {
    # Paths.
    "path-exact": {"filters": {"f": allow(one=permits(path(exact="/a")), two=permits(path(exact="/b/c")))},
                   "ask": gets("/a", "/a?x=/b", "/a/", "/b/c", "/b", "/A", "/", "/a%20", "/b//c", "/c?/a")},
    "path-prefix": {"filters": {"f": allow(one=permits(path(prefix="/api/")), two=permits(path(prefix="/api/v2/x"), path(prefix="/s")))},
                    "ask": gets("/api/", "/api", "/api/v2", "/api/v2/x", "/s", "/static", "/", "/API/", "/x/api/", "/api/?q")},
    "path-other": {"filters": {"f": allow(suffix=permits(path(suffix=".png")), inner=permits(path(contains="/img/")),
                                          regex=permits(path(safe_regex={"regex": "/users/[0-9]+/(cart|orders)"})))},
                   "ask": gets("/x.png", "/x.png?y", "/x?y.png", "/a/img/b", "/img/", "/img", "/users/7/cart", "/users/7/orders/1",
                               "/users/x/cart", "/users/7/cart?x=1")},
    "path-folded": {"filters": {"f": allow(one=permits(path(exact="/Admin", ignore_case=True)),
                                           two=permits(path(prefix="/Pub", ignore_case=True)),
                                           three=permits(path(suffix=".JS", ignore_case=True)))},
                    "ask": gets("/admin", "/ADMIN", "/Admin", "/adminx", "/pub", "/PUBLIC", "/x.js", "/x.jS", "/x.css", "/pu")},
    "path-denied": {"filters": {"f": deny(admin=permits(path(prefix="/admin")), dots=permits(path(contains="..")))},
                    "ask": gets("/admin", "/admin/x?y", "/adm", "/", "/a/../admin", "/a..b", "/x?/admin", "/Admin")},
    "names-order": {"filters": {"f": deny(b_second=permits(path(prefix="/x")), a_first=permits(path(prefix="/x/y")),
                                          Z_upper=permits(path(prefix="/x/y/z")), c_third=permits(path(exact="/x")))},
                    "ask": gets("/x", "/x/y", "/x/y/z", "/x/z", "/y")},
    "name-with-spaces": {"filters": {"f": {"rules": {"action": "DENY", "policies": {"no one\tgoes here": permits(path(exact="/x"))}}}},
                         "ask": gets("/x", "/y")},

    # Methods, hosts and headers.
    "methods": {"filters": {"f": allow(read=permits(text(":method", exact="GET"), text(":method", exact="HEAD")),
                                       write=permits({"and_rules": {"rules": [text(":method", exact="POST"), path(exact="/new")]}}))},
                "ask": ["GET /", "HEAD /", "POST /", "POST /new", "PUT /new", "DELETE /", "OPTIONS /", "PATCH /new"]},
    "hosts": {"filters": {"f": allow(exact=permits(text(":authority", exact="shop.test")),
                                     suffix=permits(text(":authority", suffix=".shop.test", ignore_case=True)),
                                     host=permits(text("host", prefix="legacy.")))},
              "ask": [{"target": "/", "host": host} for host in
                      ("shop.test", "SHOP.test", "a.shop.test", "A.SHOP.TEST", "shop.test:80", "legacy.x", "other", "xshop.test")]},
    "header-exact": {"filters": {"f": allow(one=permits(text("x-role", exact="admin")), two=permits(text("X-Team", exact="ops")))},
                     "ask": with_headers({}, {"x-role": "admin"}, {"X-Role": "admin"}, {"x-role": "Admin"}, {"x-role": ""},
                                         {"x-team": "ops"}, {"x-role": "user", "x-team": "ops"}, {"x-role": "admin2"})},
    "header-kinds": {"filters": {"f": allow(
        prefix=permits(text("x-p", prefix="ab")), suffix=permits(text("x-s", suffix="yz")),
        contains=permits(text("x-c", contains="mid")), regex=permits(text("x-r", safe_regex={"regex": "v[0-9]+"})),
        spread=permits(header("x-n", range_match={"start": 3, "end": 7})), there=permits(header("x-here", present_match=True)))},
        "ask": with_headers({"x-p": "abc"}, {"x-p": "a"}, {"x-s": "xyz"}, {"x-s": "xy"}, {"x-c": "amidst"}, {"x-c": "md"}, {"x-r": "v12"},
                            {"x-r": "v12b"}, {"x-n": "3"}, {"x-n": "6"}, {"x-n": "7"}, {"x-n": "2"}, {"x-n": "x"}, {"x-here": ""}, {})},
    "header-not": {"filters": {"f": allow(
        inverted=permits(header("x-a", string_match={"exact": "no"}, invert_match=True)),
        absent=permits({"and_rules": {"rules": [header("x-b", present_match=False), path(exact="/absent")]}}),
        empty=permits({"and_rules": {"rules": [
            header("x-d", string_match={"exact": ""}, treat_missing_header_as_empty=True), path(exact="/empty")]}}))},
        "ask": with_headers({}, {"x-a": "no"}, {"x-a": "yes"}) + [
            {"target": "/absent"}, {"target": "/absent", "headers": {"x-b": "1"}}, {"target": "/empty"},
            {"target": "/empty", "headers": {"x-d": "1"}}, {"target": "/empty", "headers": {"x-d": ""}}]},
    "header-twice": {"filters": {"f": allow(one=permits(text("x-role", exact="admin")),
                                            two=permits(text("x-tag", prefix="b")),
                                            three=permits(header("x-in", string_match={"exact": "no"}, invert_match=True)))},
                     "ask": with_headers([("x-role", "user"), ("x-role", "admin")], [("x-role", "admin"), ("x-role", "user")],
                                         [("x-role", "user"), ("x-role", "guest")], {"x-role": "user,admin"},
                                         [("x-tag", "a"), ("x-tag", "b1")], [("x-tag", "a"), ("x-tag", "c")],
                                         [("x-in", "no"), ("x-in", "no")], [("x-in", "yes"), ("x-in", "yes")])},
    "header-twice-denied": {"filters": {"f": deny(one=permits(text("x-role", exact="guest")), two=permits(text("x-s", suffix="bad")))},
                            "ask": with_headers([("x-role", "guest"), ("x-role", "admin")], [("x-role", "admin"), ("x-role", "guest")],
                                                [("x-role", "admin"), ("x-role", "user")], {"x-role": "admin,guest"}, {"x-s": "ok,bad"},
                                                [("x-s", "bad"), ("x-s", "ok")], {"x-s": "ok"})},
    "header-principals": {"filters": {"f": allow(
        both={"permissions": [path(prefix="/a"), path(prefix="/b")], "principals": [text("x-user", exact="alice"), text("x-user", exact="bob")]},
        path_too={"permissions": ANY, "principals": [path(prefix="/open"), {"not_id": text("x-user", safe_regex={"regex": ".*"})}]})},
        "ask": [{"target": target, "headers": {"x-user": user}} for target in ("/a", "/b", "/c", "/open") for user in ("alice", "bob", "eve")]},

    # Operators.
    "not": {"filters": {"f": allow(one=permits({"not_rule": path(prefix="/private")}),
                                   two={"permissions": [path(exact="/private/x")], "principals": [{"not_id": text("x-user", exact="eve")}]})},
            "ask": gets("/", "/private", "/private/x", "/privat") + [
                {"target": "/private/x", "headers": {"x-user": user}} for user in ("eve", "bob")]},
    "nested": {"filters": {"f": deny(one=permits({"and_rules": {"rules": [
        {"or_rules": {"rules": [path(exact="/a"), path(exact="/b"), {"and_rules": {"rules": [path(prefix="/c"), text("x-c", exact="1")]}}]}},
        {"not_rule": {"or_rules": {"rules": [text(":method", exact="GET"), text(":method", exact="HEAD")]}}}]}}))},
        "ask": ["GET /a", "POST /a", "POST /b", "PUT /b", "POST /c", "POST /d"] + [
            {"method": "POST", "target": "/c/d", "headers": {"x-c": value}} for value in ("1", "2")]},
    "no-policies": {"filters": {"f": {"rules": {"action": "ALLOW"}}}, "ask": gets("/", "/x"), "one_sided": True},
    "no-policies-deny": {"filters": {"f": {"rules": {"action": "DENY"}}}, "ask": gets("/", "/x"), "one_sided": True},
    "no-rules": {"filters": {"f": {}}, "ask": gets("/", "/x"), "one_sided": True},
    "log": {"filters": {"f": {"rules": {"action": "LOG", "policies": {"p": permits(path(exact="/x"))}}}},
            "ask": gets("/", "/x"), "one_sided": True},

    # Several filters, shadow rules, prefixes of counters.
    "deny-then-allow": {"filters": {"deny": deny(secret=permits(path(prefix="/secret"))), "allow": allow(api=permits(path(prefix="/secret/ok"), path(prefix="/api")))},
                        "ask": gets("/secret", "/secret/ok", "/api", "/", "/other", "/api/secret")},
    "shadow": {"filters": {"f": allow(all=permits(path(prefix="/a"))) | {"shadow_rules": deny(bad=permits(path(prefix="/a/b")))["rules"]}},
               "ask": gets("/a", "/a/b", "/b", "/a/b/c")},
    "shadow-only": {"filters": {"f": {"shadow_rules": allow(a=permits(path(exact="/a")))["rules"], "shadow_rules_stat_prefix": "dry_run"}},
                    "ask": gets("/a", "/b", "/c"), "one_sided": True},
    "prefixed": {"filters": {"first": allow(a=permits(path(prefix="/a"))) | {"rules_stat_prefix": "one", "shadow_rules_stat_prefix": "try"},
                             "second": deny(b=permits(path(prefix="/a/b"))) | {
                                 "rules_stat_prefix": "two", "shadow_rules": deny(c=permits(path(prefix="/a/c")))["rules"]}},
                 "ask": gets("/a", "/a/b", "/a/c", "/d")},

    # Routes.
    "per-route": {"filters": {"f": allow(a=permits(path(suffix="/a")))},
                  "routes": [
                      answer("/open", **overriding(f=RESTRICTED)),
                      answer("/strict", **overriding(f=RESTRICTED | {"rbac": deny(strict=permits(path(suffix="/a")))})),
                      answer("/off", **overriding(f=FILTER_CONFIG | {"disabled": True})),
                      answer("/wrapped", **overriding(f=FILTER_CONFIG | {"config": RESTRICTED | {"rbac": allow(b=permits(path(suffix="/b")))}})),
                      answer("/watched", **overriding(f=RESTRICTED | {"rbac": {"shadow_rules": allow(b=permits(path(suffix="/b")))["rules"]}})),
                      answer("/plain"),
                      {"match": {"prefix": "/moved"}, "redirect": {"path_redirect": "/new"}}],
                  "ask": gets("/open/a", "/open/b", "/strict/a", "/strict/b", "/off/b", "/wrapped/a", "/wrapped/b", "/watched/a", "/watched/b",
                              "/plain/a", "/plain/b", "/nowhere", "/nowhere/a", "/moved", "/moved/a")},
    "per-host": {"filters": {"f": allow(a=permits(path(suffix="/a"))), "g": deny(z=permits(path(suffix="/z/a")))},
                 "routes_config": {"typed_per_filter_config": {"g": RESTRICTED | {"rbac": deny(ypsilon=permits(path(suffix="/y/a")))}}, "virtual_hosts": [
                     {"name": "open", "domains": ["open.test"], "typed_per_filter_config": {"f": RESTRICTED},
                      "routes": [answer("/closed", **overriding(f=RESTRICTED | {"rbac": {"rules": {}}})), answer("/")]},
                     {"name": "own", "domains": ["own.test"], "typed_per_filter_config": {"g": RESTRICTED | {"rbac": deny(x=permits(path(suffix="/x/a")))}},
                      "routes": [answer("/")]},
                     {"name": "rest", "domains": ["*"], "routes": [answer("/")]}]},
                 "ask": [{"target": target, "host": host} for host in ("open.test", "own.test", "other.test")
                         for target in ("/a", "/b", "/x/a", "/y/a", "/z/a", "/closed/a")]},
    "per-cluster": {"filters": {"f": allow(a=permits(path(suffix="/a")))},
                    "routes": [{"match": {"prefix": "/only"}, "route": {"weighted_clusters": {"clusters": [
                        {"name": "up", "weight": 1, "typed_per_filter_config": {"f": RESTRICTED | {"rbac": deny(c=permits(path(suffix="/c")))}}}]}}},
                        {"match": {"prefix": "/"}, "route": {"cluster": "up"}}],
                    "ask": gets("/only/a", "/only/b", "/only/c", "/a", "/b", "/c")},

    # Addresses and ports.
    "source": {"filters": {"f": allow(direct=admits({"direct_remote_ip": cidr("127.0.1.0", 24)}), old=admits({"source_ip": cidr("127.0.2.7", 32)}),
                                      remote=admits({"remote_ip": cidr("127.0.4.0", 22)}))},
               "ask": from_addresses("127.0.1.1", "127.0.1.255", "127.0.0.1", "127.0.2.7", "127.0.2.8", "127.0.4.1", "127.0.7.255", "127.0.8.1")},
    "source-denied": {"filters": {"f": deny(net=admits({"direct_remote_ip": cidr("127.0.1.0", 25)}),
                                            but={"permissions": [path(prefix="/x")], "principals": [{"and_ids": {"ids": [
                                                {"direct_remote_ip": cidr("127.0.0.0", 16)}, {"not_id": {"direct_remote_ip": cidr("127.0.9.9", 32)}}]}}]})},
                      "ask": from_addresses("127.0.1.1", "127.0.1.200", "127.0.9.9") + [
                          {"target": "/x", "source": source} for source in ("127.0.9.9", "127.0.9.8", "127.1.0.1")]},
    "forwarded": {"filters": {"f": allow(remote=admits({"remote_ip": cidr("10.1.0.0", 16)}, {"remote_ip": cidr("2001:db8::", 32)}))},
                  "ask": with_headers({}, {"x-forwarded-for": "10.1.2.3"}, {"x-forwarded-for": "10.1.2.3, 10.9.9.9"},
                                      {"x-forwarded-for": "10.9.9.9, 10.1.2.3"}, {"x-forwarded-for": "10.9.9.9 ,10.1.2.3 "}, {"x-forwarded-for": "nonsense"},
                                      {"x-forwarded-for": "2001:db8::7"}, {"x-forwarded-for": "2001:db9::7"}, {"x-forwarded-for": "10.1.2.3,"},
                                      [("x-forwarded-for", "10.1.2.3"), ("x-forwarded-for", "10.9.9.9")],
                                      [("x-forwarded-for", "10.9.9.9"), ("x-forwarded-for", "10.1.2.3")])},
    "forwarded-hops": {"filters": {"f": allow(remote=admits({"remote_ip": cidr("10.1.0.0", 16)}))}, "hcm": {"xff_num_trusted_hops": 1},
                       "ask": with_headers({"x-forwarded-for": "10.1.2.3"}, {"x-forwarded-for": "10.1.2.3, 10.9.9.9"},
                                           {"x-forwarded-for": "10.9.9.9, 10.1.2.3"}, {"x-forwarded-for": "10.1.2.3, 10.9.9.9, 10.8.8.8"})},
    "forwarded-edge": {"filters": {"f": allow(remote=admits({"remote_ip": cidr("10.1.0.0", 16)}, {"remote_ip": cidr("127.0.3.0", 24)}))},
                       "hcm": {"use_remote_address": True},
                       "ask": with_headers({"x-forwarded-for": "10.1.2.3"}, {}) + from_addresses("127.0.3.1", "127.0.2.1")},
    "forwarded-edge-hops": {"filters": {"f": allow(remote=admits({"remote_ip": cidr("10.1.0.0", 16)}))},
                            "hcm": {"use_remote_address": True, "xff_num_trusted_hops": 1},
                            "ask": with_headers({"x-forwarded-for": "10.1.2.3"}, {"x-forwarded-for": "10.1.2.3, 10.9.9.9"},
                                                {"x-forwarded-for": "10.9.9.9, 10.1.2.3"}, {})},
    "forwarded-edge-quiet": {"filters": {"f": allow(remote=admits({"remote_ip": cidr("10.1.0.0", 16)}))},
                             "hcm": {"use_remote_address": True, "xff_num_trusted_hops": 1, "skip_xff_append": True},
                             "ask": with_headers({"x-forwarded-for": "10.1.2.3"}, {"x-forwarded-for": "10.1.2.3, 10.9.9.9"},
                                                 {"x-forwarded-for": "10.9.9.9, 10.1.2.3"}, {})},
    "destination": {"filters": {"f": allow(ip=permits({"destination_ip": cidr("127.0.0.4", 30)}),
                                           both=permits({"and_rules": {"rules": [{"destination_ip": cidr("127.0.0.0", 8)}, path(exact="/ok")]}}))},
                    "ask": [{"target": target, "target_ip": ip} for ip in ("127.0.0.1", "127.0.0.4", "127.0.0.7", "127.0.0.8") for target in ("/", "/ok")]},
    "port": {"filters": {"f": allow(own=permits({"and_rules": {"rules": [{"destination_port": "@PORT@"}, path(prefix="/own")]}}),
                                    spread=permits({"and_rules": {"rules": [{"destination_port_range": {"start": "@PORT@", "end": "@PORT+1@"}}, path(prefix="/in")]}}),
                                    beyond=permits({"and_rules": {"rules": [{"destination_port_range": {"start": "@PORT+1@", "end": 65536}}, path(prefix="/out")]}}),
                                    below=permits({"and_rules": {"rules": [{"destination_port_range": {"start": 1, "end": "@PORT@"}}, path(prefix="/low")]}}),
                                    other=permits({"and_rules": {"rules": [{"destination_port": 1}, path(prefix="/one")]}}))},
             "ask": gets("/own", "/in", "/out", "/low", "/one", "/")},

    # Identities.
    "principal-exact": {"tls": True, "filters": {"f": allow(web=admits(named(exact=WEB)))}, "ask": by(*ALL_IDENTITIES)},
    "principal-prefix": {"tls": True, "filters": {"f": allow(shop=admits(named(prefix="spiffe://mesh.test/ns/shop/")))}, "ask": by(*ALL_IDENTITIES)},
    "principal-suffix": {"tls": True, "filters": {"f": allow(jobs=admits(named(suffix="/sa/job"), named(suffix="/sa/b")))}, "ask": by(*ALL_IDENTITIES)},
    "principal-regex": {"tls": True, "filters": {"f": deny(any_sa=admits(named(safe_regex={"regex": "spiffe://mesh.test/ns/[a-z]+/sa/(web|b)"})))},
                        "ask": by(*ALL_IDENTITIES)},
    "principal-folded": {"tls": True, "filters": {"f": allow(web=admits(named(exact=WEB.upper(), ignore_case=True)), dns=admits(named(prefix="CLIENT.", ignore_case=True)))},
                         "ask": by(*ALL_IDENTITIES)},
    "principal-dns": {"tls": True, "filters": {"f": allow(dns=admits(named(exact="client.example")))}, "ask": by(*ALL_IDENTITIES)},
    "principal-subject": {"tls": True, "filters": {"f": allow(subject=admits(named(exact="CN=plain-client")))}, "ask": by(*ALL_IDENTITIES)},
    "principal-subject-of-named": {"tls": True, "filters": {"f": deny(subject=admits(named(suffix="CN=both-names")))}, "ask": by(*ALL_IDENTITIES)},
    "principal-any": {"tls": True, "filters": {"f": allow(any=admits({"authenticated": {}}))}, "ask": by("web", "dns", "nobody"), "one_sided": True},
    "principal-any-text": {"tls": True, "filters": {"f": deny(all=admits(named(safe_regex={"regex": ".*"})))}, "ask": by("web", "nobody"), "one_sided": True},
    "principal-none": {"tls": True, "filters": {"f": allow(nobody=admits(named(exact="")))}, "ask": by("web", "subject", "nobody")},
    "principal-not": {"tls": True, "filters": {"f": allow(others=admits({"not_id": named(prefix="spiffe://mesh.test/ns/shop/")}))}, "ask": by(*ALL_IDENTITIES)},
    "principal-and": {"tls": True, "filters": {"f": allow(
        web={"permissions": [{"and_rules": {"rules": [text(":method", exact="GET"), path(prefix="/cart")]}}],
             "principals": [{"and_ids": {"ids": [named(exact=WEB), {"direct_remote_ip": cidr("127.0.0.0", 24)}]}}]},
        job={"permissions": [path(exact="/run")], "principals": [named(suffix="/sa/job"), named(exact="client.example")]})},
        "ask": [{"method": method, "target": target, "who": who} for who in ("web", "job", "dns", "nobody")
                for method, target in (("GET", "/cart/1"), ("POST", "/cart/1"), ("GET", "/run"))]
               + by("web", source="127.0.5.1") + [{"target": "/cart", "who": "web", "source": "127.0.5.1"}]},
    "principal-plain": {"filters": {"f": allow(any=admits({"authenticated": {}}), text=admits(named(prefix="s")))},
                        "ask": gets("/"), "one_sided": True},
    "principal-deny-then-allow": {"tls": True, "filters": {
        "deny": deny(job=admits(named(exact="spiffe://mesh.test/ns/batch/sa/job"))),
        "allow": allow(mesh=admits(named(prefix="spiffe://mesh.test/")))}, "ask": by(*ALL_IDENTITIES)},
    "server-name": {"tls": True, "filters": {"f": allow(
        exact=permits({"requested_server_name": {"exact": "shop.test"}}), suffix=permits({"requested_server_name": {"suffix": ".api.test"}}),
        none=permits({"and_rules": {"rules": [{"requested_server_name": {"exact": ""}}, path(exact="/none")]}}))},
        "ask": [{"target": target, "who": "nobody", "sni": sni} for sni in (None, "shop.test", "SHOP.test", "a.api.test", "api.test")
                for target in ("/", "/none")]},

    # gRPC and HTTP/1.0's likes.
    "grpc": {"filters": {"f": allow(one=permits(path(exact="/pkg.Service/Open")))},
             "ask": [{"method": "POST", "target": target, "headers": {"content-type": kind}}
                     for target in ("/pkg.Service/Open", "/pkg.Service/Shut") for kind in ("application/grpc", "application/grpc+proto", "application/json")]},

    # Connections.
    "tcp-source": {"network": {"net": allow(net=admits({"direct_remote_ip": cidr("127.0.1.0", 24)}), remote=admits({"remote_ip": cidr("127.0.2.0", 24)}))},
                   "tcp": True, "ask": from_addresses("127.0.1.1", "127.0.2.1", "127.0.3.1")},
    "tcp-deny-then-allow": {"network": {"deny": deny(bad=admits({"source_ip": cidr("127.0.1.7", 32)})), "allow": allow(net=admits({"source_ip": cidr("127.0.1.0", 24)}))},
                            "tcp": True, "ask": from_addresses("127.0.1.1", "127.0.1.7", "127.0.2.1")},
    "tcp-principal": {"network": {"net": allow(web=admits(named(exact=WEB)), job=admits({"and_ids": {"ids": [
        named(suffix="/job"), {"direct_remote_ip": cidr("127.0.6.0", 24)}]}}))}, "tcp": True, "tls": True,
        "ask": by(*ALL_IDENTITIES) + by("job", source="127.0.6.1")},
    "tcp-server-name": {"network": {"net": allow(name=permits({"requested_server_name": {"exact": "db.test"}}))}, "tcp": True, "tls": True,
                        "ask": [{"who": "nobody", "sni": sni} for sni in ("db.test", "other.test", None)]},
    "tcp-shadow": {"network": {"net": allow(net=admits({"direct_remote_ip": cidr("127.0.1.0", 24)})) | {
        "shadow_rules": deny(one=admits({"direct_remote_ip": cidr("127.0.1.1", 32)}))["rules"], "shadow_rules_stat_prefix": "dry"}},
        "tcp": True, "ask": from_addresses("127.0.1.1", "127.0.1.2", "127.0.2.1")},
    "network-before-http": {"network": {"net": deny(bad=admits({"direct_remote_ip": cidr("127.0.1.0", 24)}))}, "filters": {"f": allow(a=permits(path(prefix="/a")))},
                            "ask": [{"target": target, "source": source} for target in ("/a", "/b") for source in ("127.0.1.1", "127.0.2.1")]},
}
