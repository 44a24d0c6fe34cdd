public import FoundationEssentials

/// Finds the name of a serialized resource without decoding the rest.
///
/// A state-of-the-world response has no names beside its resources. In every type that xDS serves by name (Listener,
/// Cluster, RouteConfiguration, VirtualHost, ClusterLoadAssignment, Secret, TypedExtensionConfig) field 1 is the name.
public enum ResourceName {
    /// The first field's text; nil where the bytes are no message or have no such field.
    public static func read(from body: Data) -> String? {
        body.withUnsafeBytes { bytes in
            var position = 0
            func varint() -> UInt64? {
                var value: UInt64 = 0
                var shift: UInt64 = 0
                while position < bytes.count, shift < 64 {
                    let byte = bytes[position]
                    position += 1
                    value |= UInt64(byte & 0x7f) << shift
                    if byte & 0x80 == 0 { return value }
                    shift += 7
                }
                return nil
            }
            while position < bytes.count {
                guard let tag = varint() else { return nil }
                switch tag & 7 {
                case 0: guard varint() != nil else { return nil }
                case 1: position += 8
                case 5: position += 4
                case 2:
                    guard let length = varint(), length <= UInt64(bytes.count - position) else { return nil }
                    let end = position + Int(length)
                    if tag >> 3 == 1 { return String(decoding: bytes[position..<end], as: UTF8.self) }
                    position = end
                default: return nil
                }
            }
            return nil
        }
    }
}
