import NIOCore

/// A message head as it came: its bytes, and its fields as ranges into them.
///
/// A block is used again for message after message and keeps its storage, so that a warm one allocates nothing. Its
/// bytes are its own copy: the connection's receive buffer can go back to its pool, and what is appended needs no
/// copy on write. All ranges are offsets from the start of `bytes`, whose reader index stays 0.
struct HeaderBlock {
    /// The head as it came, and behind it what was appended since.
    private(set) var bytes = ByteBuffer()
    /// In order of arrival, then what was appended. A removed field stays and is marked.
    private(set) var fields: [Field] = []
    /// A bit for each known header that is there (`KnownHeader.bit`), so that asking for an absent one costs nothing.
    private(set) var present: UInt64 = 0
    /// Where the line ends that follows the last field as it came: the offset of the empty line.
    var fieldsEnd = 0
    /// How many fields came with the message; those after were appended.
    private(set) var parsedCount = 0

    /// One field line. The name and the value, without white space around it, are ranges into the block's bytes.
    struct Field {
        var nameStart: UInt32
        var nameLength: UInt16
        var name: KnownHeader
        var flags: Flags
        var valueStart: UInt32
        var valueLength: UInt32

        struct Flags: OptionSet {
            let rawValue: UInt8

            static let removed = Flags(rawValue: 1)
            /// The name holds an underscore.
            static let underscored = Flags(rawValue: 2)
            static let appended = Flags(rawValue: 4)
            /// It came as never indexed (RFC 7541, 6.2.3), and has to be passed on so.
            static let neverIndexed = Flags(rawValue: 8)
        }

        var nameRange: Range<Int> { Int(nameStart)..<Int(nameStart) &+ Int(nameLength) }
        var valueRange: Range<Int> { Int(valueStart)..<Int(valueStart) &+ Int(valueLength) }
        var isRemoved: Bool { flags.contains(.removed) }
    }

    // MARK: Look-up

    /// Whether there is such a field that has not been removed.
    @inline(__always)
    func contains(_ known: KnownHeader) -> Bool { present & known.bit != 0 }

    /// The index of the first such field, or nil.
    func firstIndex(of known: KnownHeader) -> Int? {
        contains(known) ? nextIndex(of: known, from: 0) : nil
    }

    /// The index of the first such field at `start` or after it, or nil.
    func nextIndex(of known: KnownHeader, from start: Int) -> Int? {
        var index = start
        while index < fields.count {
            if fields[index].name == known, !fields[index].isRemoved { return index }
            index &+= 1
        }
        return nil
    }

    /// The index of the first field of that name, which must be given in lower case; nil when there is none.
    func firstIndex(named lowercase: UnsafeRawBufferPointer, from start: Int = 0) -> Int? {
        guard start < fields.count, lowercase.count > 0 else { return nil }
        return withBytes { base in
            var index = start
            while index < fields.count {
                let field = fields[index]
                if Int(field.nameLength) == lowercase.count, !field.isRemoved,
                    ByteClass.equal(UnsafeRawBufferPointer(rebasing: base[field.nameRange]), lowercase)
                {
                    return index
                }
                index &+= 1
            }
            return nil
        }
    }

    func firstIndex(named lowercase: StaticString, from start: Int = 0) -> Int? {
        firstIndex(named: lowercase.rawBytes, from: start)
    }

    func firstIndex(named lowercase: [UInt8], from start: Int = 0) -> Int? {
        lowercase.withUnsafeBytes { firstIndex(named: $0, from: start) }
    }

    /// The value of the first such field, or nil.
    func value(_ known: KnownHeader) -> Range<Int>? {
        firstIndex(of: known).map { fields[$0].valueRange }
    }

    /// Whether the bytes of a range equal the text, which must be in lower case, without regard to case.
    func equals(_ range: Range<Int>, lowercase: StaticString) -> Bool {
        withBytes { ByteClass.equal(UnsafeRawBufferPointer(rebasing: $0[range]), lowercase.rawBytes) }
    }

    /// All bytes, valid inside the closure alone. Ranges of this block index into them.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeReadableBytes(body)
    }

    /// A range as text, for logs and other slow paths; invalid UTF-8 is repaired.
    func string(_ range: Range<Int>) -> String {
        withBytes { String(decoding: $0[range], as: UTF8.self) }
    }

    /// The values of all lines of a field as one list; nil where there is none.
    func joined(_ known: KnownHeader, by separator: String) -> String? {
        guard let first = firstIndex(of: known) else { return nil }
        var joined = string(fields[first].valueRange)
        var next = nextIndex(of: known, from: first + 1)
        while let index = next {
            joined += "\(separator)\(string(fields[index].valueRange))"
            next = nextIndex(of: known, from: index + 1)
        }
        return joined
    }

    // MARK: Changes

    /// Forgets the message and keeps the storage.
    mutating func reset() {
        bytes.clear(minimumCapacity: 0)
        fields.removeAll(keepingCapacity: true)
        present = 0
        parsedCount = 0
        fieldsEnd = 0
    }

    /// Forgets the message and gives the storage back, as an idle connection should.
    mutating func release() {
        self = HeaderBlock()
    }

    /// Marks a field as removed.
    mutating func remove(at index: Int) {
        let known = fields[index].name
        fields[index].flags.insert(.removed)
        if nextIndex(of: known, from: 0) == nil { present &= ~known.bit }
    }

    /// Marks all such fields as removed.
    mutating func remove(_ known: KnownHeader) {
        guard contains(known) else { return }
        var index = 0
        while index < fields.count {
            if fields[index].name == known { fields[index].flags.insert(.removed) }
            index &+= 1
        }
        present &= ~known.bit
    }

    /// Marks all fields of that name, given in lower case, as removed.
    mutating func remove(named lowercase: UnsafeRawBufferPointer) {
        var start = 0
        while let index = firstIndex(named: lowercase, from: start) {
            remove(at: index)
            start = index &+ 1
        }
    }

    mutating func remove(named lowercase: StaticString) { remove(named: lowercase.rawBytes) }

    mutating func remove(named lowercase: [UInt8]) {
        lowercase.withUnsafeBytes { remove(named: $0) }
    }

    /// Appends a field. The name must be a token and the value free of control bytes: this is not checked here.
    mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let start = beginLine(name)
        bytes.writeBytes(value)
        endLine(nameStart: start, nameLength: name.count, valueLength: value.count)
    }

    mutating func append(name: StaticString, value: StaticString) {
        append(name: name.rawBytes, value: value.rawBytes)
    }

    mutating func append(name: StaticString, value: [UInt8]) {
        value.withUnsafeBytes { append(name: name.rawBytes, value: $0) }
    }

    mutating func append(name: [UInt8], value: [UInt8]) {
        name.withUnsafeBytes { name in value.withUnsafeBytes { append(name: name, value: $0) } }
    }

    mutating func append(name: StaticString, value: String) {
        let start = beginLine(name.rawBytes)
        let length = bytes.writeString(value)
        endLine(nameStart: start, nameLength: name.utf8CodeUnitCount, valueLength: length)
    }

    /// Appends a field whose value already stands in this block.
    mutating func append(name: StaticString, value range: Range<Int>) {
        let start = beginLine(name.rawBytes)
        copyBehind(range)
        endLine(nameStart: start, nameLength: name.utf8CodeUnitCount, valueLength: range.count)
    }

    /// Appends a field whose value is a decimal number.
    mutating func append(name: StaticString, value: UInt64) {
        let start = beginLine(name.rawBytes)
        let length = bytes.writeDecimal(value)
        endLine(nameStart: start, nameLength: name.utf8CodeUnitCount, valueLength: length)
    }

    /// Appends a field whose value the closure writes behind the bytes; nothing but its bytes may change.
    mutating func append(name: StaticString, writing value: (inout ByteBuffer) -> Void) {
        let start = beginLine(name.rawBytes)
        let before = bytes.writerIndex
        value(&bytes)
        endLine(nameStart: start, nameLength: name.utf8CodeUnitCount, valueLength: bytes.writerIndex &- before)
    }

    /// Puts bytes behind the head that are no field, such as a rewritten path or host, and says where they are.
    mutating func store(_ content: UnsafeRawBufferPointer) -> Range<Int> {
        let start = bytes.writerIndex
        bytes.writeBytes(content)
        return start..<bytes.writerIndex
    }

    mutating func store(_ content: [UInt8]) -> Range<Int> {
        content.withUnsafeBytes { store($0) }
    }

    /// Puts what the closure writes behind the head, and says where it is; nothing else may change.
    mutating func store(writing content: (inout ByteBuffer) -> Void) -> Range<Int> {
        let start = bytes.writerIndex
        content(&bytes)
        return start..<bytes.writerIndex
    }

    // MARK: For the parsers

    /// Takes up bytes of a head that is being parsed.
    @inline(__always)
    mutating func hold(_ content: UnsafeRawBufferPointer) {
        guard let start = content.baseAddress else { return }
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: content.count) { room in
            // NIO gives at least what was asked for, so that the slice is within the room.
            UnsafeMutableRawBufferPointer(rebasing: room[..<content.count])
                .copyMemory(from: UnsafeRawBufferPointer(start: start, count: content.count))
            return content.count
        }
    }

    /// Lets a decoder make bytes behind the end, with room for at least `room` of them, and takes up as many as it says.
    @inline(__always)
    mutating func hold(room: Int, making content: (UnsafeMutableRawBufferPointer) -> Int) {
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: room, content)
    }

    /// Gives up what was held beyond the head's end.
    mutating func truncate(to count: Int) {
        bytes.moveWriterIndex(to: count)
    }

    @inline(__always)
    mutating func addParsed(_ field: Field) {
        fields.append(field)
        present |= field.name.bit
        parsedCount &+= 1
    }

    /// Makes the last field's value go on, behind `; `, with what has just been held: `length` bytes, and CRLF. So the
    /// crumbs of a cookie become one (RFC 9113, 8.2.3).
    mutating func extendLastParsed(by length: Int) {
        let index = fields.count &- 1
        // The `; ` takes the place of the CRLF that ended the line.
        bytes.setInteger(0x3B20 as UInt16, at: fields[index].valueRange.upperBound)
        fields[index].valueLength &+= UInt32(length &+ 2)
    }

    /// Makes one field, the last, of all cookies (RFC 9113, 8.2.3).
    mutating func joinCookies() {
        let start = bytes.writerIndex
        hold(("cookie" as StaticString).rawBytes)
        var separator: StaticString = ": "
        for index in fields.indices where fields[index].name == .cookie {
            hold(separator.rawBytes)
            separator = "; "
            copyBehind(fields[index].valueRange)
            fields[index].flags.insert(.removed)
        }
        let end = bytes.writerIndex
        hold(("\r\n" as StaticString).rawBytes)
        addParsed(
            Field(
                nameStart: UInt32(start), nameLength: 6, name: .cookie, flags: [], valueStart: UInt32(start &+ 8),
                valueLength: UInt32(end &- start &- 8)))
    }

    // MARK: Helpers

    private mutating func beginLine(_ name: UnsafeRawBufferPointer) -> Int {
        let start = bytes.writerIndex
        bytes.writeBytes(name)
        bytes.writeInteger(0x3A20 as UInt16)
        return start
    }

    private mutating func endLine(nameStart: Int, nameLength: Int, valueLength: Int) {
        bytes.writeInteger(0x0D0A as UInt16)
        let known = withBytes { KnownHeader.named($0.baseAddress! + nameStart, nameLength) }
        fields.append(
            Field(
                nameStart: UInt32(nameStart), nameLength: UInt16(nameLength), name: known, flags: .appended,
                valueStart: UInt32(nameStart &+ nameLength &+ 2), valueLength: UInt32(valueLength)))
        present |= known.bit
    }

    private mutating func copyBehind(_ range: Range<Int>) {
        bytes.reserveCapacity(minimumWritableBytes: range.count)
        let start = bytes.writerIndex
        bytes.moveWriterIndex(forwardBy: range.count)
        bytes.withUnsafeMutableReadableBytes { base in
            UnsafeMutableRawBufferPointer(rebasing: base[start..<start &+ range.count])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: base[range]))
        }
    }
}

extension StaticString {
    /// The literal's bytes, which live as long as the program.
    @inline(__always)
    var rawBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

extension ByteBuffer {
    /// Writes a number in decimal, without a string in between, and says how many bytes it took.
    @discardableResult
    mutating func writeDecimal(_ value: UInt64) -> Int {
        var digits = 1
        var scale: UInt64 = 1
        while value / scale >= 10 {
            scale &*= 10
            digits &+= 1
        }
        reserveCapacity(minimumWritableBytes: digits)
        while scale > 0 {
            writeInteger(UInt8(truncatingIfNeeded: 0x30 &+ value / scale % 10))
            scale /= 10
        }
        return digits
    }
}
