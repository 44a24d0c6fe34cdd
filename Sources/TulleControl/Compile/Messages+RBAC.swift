import SwiftProtobuf
import TulleModel
import TulleXDS

typealias XPermission = Envoy_Config_Rbac_V3_Permission
typealias XPrincipal = Envoy_Config_Rbac_V3_Principal

extension Envoy_Config_Rbac_V3_RBAC {
    static func of(_ rules: RBAC) -> Self {
        var message = Self()
        switch rules.action {
        case .allow: message.action = .allow
        case .deny: message.action = .deny
        case .log: message.action = .log
        }
        message.policies = rules.policies.mapValues { policy in
            var message = Envoy_Config_Rbac_V3_Policy()
            message.permissions = policy.permissions.map(XPermission.of)
            message.principals = policy.principals.map(XPrincipal.of)
            return message
        }
        return message
    }
}

extension Envoy_Extensions_Filters_Http_Rbac_V3_RBAC {
    static func of(_ filter: RBACFilter) -> Self {
        var message = Self()
        if let rules = filter.rules { message.rules = .of(rules) }
        if let rules = filter.shadowRules { message.shadowRules = .of(rules) }
        message.rulesStatPrefix = filter.rulesStatPrefix
        message.shadowRulesStatPrefix = filter.shadowRulesStatPrefix
        return message
    }
}

extension Envoy_Extensions_Filters_Network_Rbac_V3_RBAC {
    static func of(_ filter: RBACFilter) -> Self {
        var message = Self()
        message.statPrefix = filter.statPrefix
        if let rules = filter.rules { message.rules = .of(rules) }
        if let rules = filter.shadowRules { message.shadowRules = .of(rules) }
        message.shadowRulesStatPrefix = filter.shadowRulesStatPrefix
        return message
    }
}

extension Envoy_Config_Rbac_V3_Permission {
    /// What a principal alone can ask is none of a permission's: such a condition never holds here.
    static func of(_ condition: RBAC.Condition) -> Self {
        var message = Self()
        switch condition {
        case .any: message.any = true
        case .all(let inner): message.andRules.rules = inner.map(of)
        case .oneOf(let inner): message.orRules.rules = inner.map(of)
        case .not(let inner): message.notRule = of(inner)
        case .header(let matcher): message.header = .of(matcher)
        case .path(let matcher): message.urlPath.path = .of(matcher)
        case .requestedServerName(let matcher): message.requestedServerName = .of(matcher)
        case .destinationPort(let port): message.destinationPort = UInt32(port)
        case .destinationPortRange(let start, let end):
            message.destinationPortRange.start = Int32(start)
            message.destinationPortRange.end = Int32(end)
        case .address(.destination, let prefix): message.destinationIp = .of(prefix)
        case .address, .authenticated: message.notRule.any = true
        }
        return message
    }
}

extension Envoy_Config_Rbac_V3_Principal {
    /// What a permission alone can ask is none of a principal's: such a condition never holds here.
    static func of(_ condition: RBAC.Condition) -> Self {
        var message = Self()
        switch condition {
        case .any: message.any = true
        case .all(let inner): message.andIds.ids = inner.map(of)
        case .oneOf(let inner): message.orIds.ids = inner.map(of)
        case .not(let inner): message.notID = of(inner)
        case .header(let matcher): message.header = .of(matcher)
        case .path(let matcher): message.urlPath.path = .of(matcher)
        case .authenticated(nil): message.authenticated = Authenticated()
        case .authenticated(let matcher?): message.authenticated.principalName = .of(matcher)
        case .address(.directRemote, let prefix): message.directRemoteIp = .of(prefix)
        case .address(.remote, let prefix): message.remoteIp = .of(prefix)
        case .address(.destination, _), .requestedServerName, .destinationPort, .destinationPortRange:
            message.notID.any = true
        }
        return message
    }
}

extension Envoy_Config_Core_V3_CidrRange {
    static func of(_ prefix: AddressPrefix) -> Self {
        var message = Self()
        message.addressPrefix = prefix.address
        message.prefixLen = Google_Protobuf_UInt32Value(UInt32(prefix.length))
        return message
    }
}

extension Envoy_Type_Matcher_V3_StringMatcher {
    static func of(_ matcher: StringMatcher) -> Self {
        var message = Self()
        switch matcher.pattern {
        case .exact(let text): message.exact = text
        case .prefix(let text): message.prefix = text
        case .suffix(let text): message.suffix = text
        case .contains(let text): message.contains = text
        case .regex(let pattern): message.safeRegex = .of(pattern)
        }
        message.ignoreCase = matcher.ignoreCase
        return message
    }
}

extension Envoy_Config_Route_V3_HeaderMatcher {
    static func of(_ matcher: HeaderMatcher) -> Self {
        var message = Self()
        message.name = matcher.name
        switch matcher.test {
        case .string(let test): message.stringMatch = .of(test)
        case .present(let present): message.presentMatch = present
        case .range(let start, let end):
            message.rangeMatch.start = start
            message.rangeMatch.end = end
        }
        message.invertMatch = matcher.invert
        message.treatMissingHeaderAsEmpty = matcher.treatMissingAsEmpty
        return message
    }
}
