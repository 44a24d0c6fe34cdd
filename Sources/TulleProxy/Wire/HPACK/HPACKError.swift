/// Why a peer's field block cannot be decoded. The two tables no longer agree, so that the connection ends with
/// COMPRESSION_ERROR (RFC 9113, 4.3).
enum HPACKError: UInt8, Error, CaseIterable, Sendable {
    case truncated
    case integerTooLarge
    case invalidIndex
    case invalidHuffmanCode
    case tableSizeTooLarge
    case misplacedTableSizeUpdate
    case missingTableSizeUpdate

    /// What is wrong, for logs.
    var cause: StaticString {
        switch self {
        case .truncated: "the field block ends within a field"
        case .integerTooLarge: "an integer is over 28 bits, or has needless bytes"
        case .invalidIndex: "an index is in neither table"
        case .invalidHuffmanCode: "a Huffman coded string does not end as it must"
        case .tableSizeTooLarge: "a table size update is above the setting"
        case .misplacedTableSizeUpdate: "a table size update stands behind a field"
        case .missingTableSizeUpdate: "the table's lowered size has not been taken up"
        }
    }
}
