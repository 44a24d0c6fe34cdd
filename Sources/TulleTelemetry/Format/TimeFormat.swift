/// How a time is written: the everyday part of strftime, with Envoy's and absl's sub-second fields, in UTC.
public struct TimeFormat: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case literal([UInt8])
        case field(UInt8)
        /// Digits of the fraction of a second, without a point.
        case fraction(Int)
        /// Seconds with a fraction (`%E3S`).
        case secondsWithFraction(Int)
    }

    let pieces: [Piece]

    /// What `%START_TIME%` means: `2026-08-23T10:11:12.345Z`.
    public static let standard = TimeFormat(pieces: [
        .field(UInt8(ascii: "F")), .literal([UInt8(ascii: "T")]), .field(UInt8(ascii: "H")),
        .literal([UInt8(ascii: ":")]), .field(UInt8(ascii: "M")), .literal([UInt8(ascii: ":")]),
        .secondsWithFraction(3), .literal([UInt8(ascii: "Z")]),
    ])

    private init(pieces: [Piece]) { self.pieces = pieces }

    private static let fields = Array("aAbBhCdDeFHIjklmMnpRsStTuwyYzZ".utf8)

    public init(_ text: String) throws(FormatError) {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        func peek(_ ahead: Int) -> UInt8 { index + ahead < bytes.count ? bytes[index + ahead] : 0 }
        func add(_ piece: Piece) {
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = []
            pieces.append(piece)
        }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "%") else {
                literal.append(byte)
                continue
            }
            let isExtended = peek(0) == UInt8(ascii: "E")
            let start = index
            if isExtended { index += 1 }
            let count = peek(0)
            let digits = (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(count) ? Int(count - UInt8(ascii: "0")) : 0
            if digits > 0 || (isExtended && count == UInt8(ascii: "*")) { index += 1 }
            let letter = peek(0)
            index += 1
            switch letter {
            case UInt8(ascii: "f"): add(.fraction(digits == 0 ? 9 : digits))
            case UInt8(ascii: "S") where isExtended: add(.secondsWithFraction(digits == 0 ? 9 : digits))
            case UInt8(ascii: "%") where digits == 0: literal.append(letter)
            case _ where digits == 0 && !isExtended && Self.fields.contains(letter): add(.field(letter))
            default:
                let end = min(index, bytes.count)
                throw FormatError(
                    "time format \"\(text)\": unknown field "
                        + "\"%\(String(decoding: bytes[start..<end], as: UTF8.self))\"")
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        self.pieces = pieces
    }

    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]

    /// Appends `time` as written by this format.
    public func append(_ time: WallTime, to bytes: inout [UInt8]) {
        let civil = time.civil
        for piece in pieces {
            switch piece {
            case .literal(let text): bytes.append(contentsOf: text)
            case .field(let letter): Self.append(letter, of: civil, seconds: time.seconds, to: &bytes)
            case .fraction(let digits): Self.append(fraction: time.nanoseconds, digits: digits, to: &bytes)
            case .secondsWithFraction(let digits):
                bytes.append(decimal: civil.second, width: 2)
                bytes.append(UInt8(ascii: "."))
                Self.append(fraction: time.nanoseconds, digits: digits, to: &bytes)
            }
        }
    }

    private static func append(fraction nanoseconds: Int32, digits: Int, to bytes: inout [UInt8]) {
        var value = Int(nanoseconds)
        for _ in digits..<9 { value /= 10 }
        bytes.append(decimal: value, width: digits)
    }

    private static func append(
        _ letter: UInt8, of civil: WallTime.Civil, seconds: Int64, to bytes: inout [UInt8]
    ) {
        func all(_ letters: String) {
            for letter in letters.utf8 {
                if fields.contains(letter) {
                    append(letter, of: civil, seconds: seconds, to: &bytes)
                } else {
                    bytes.append(letter)
                }
            }
        }
        let hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12
        switch letter {
        case UInt8(ascii: "a"): bytes.append(contentsOf: weekdays[civil.weekday].utf8.prefix(3))
        case UInt8(ascii: "A"): bytes.append(contentsOf: weekdays[civil.weekday].utf8)
        case UInt8(ascii: "b"), UInt8(ascii: "h"):
            bytes.append(contentsOf: months[civil.month - 1].utf8.prefix(3))
        case UInt8(ascii: "B"): bytes.append(contentsOf: months[civil.month - 1].utf8)
        case UInt8(ascii: "C"): bytes.append(decimal: civil.year / 100, width: 2)
        case UInt8(ascii: "d"): bytes.append(decimal: civil.day, width: 2)
        case UInt8(ascii: "D"): all("m/d/y")
        case UInt8(ascii: "e"): bytes.append(decimal: civil.day, width: 2, padding: UInt8(ascii: " "))
        case UInt8(ascii: "F"): all("Y-m-d")
        case UInt8(ascii: "H"): bytes.append(decimal: civil.hour, width: 2)
        case UInt8(ascii: "I"): bytes.append(decimal: hour12, width: 2)
        case UInt8(ascii: "j"): bytes.append(decimal: civil.dayOfYear, width: 3)
        case UInt8(ascii: "k"): bytes.append(decimal: civil.hour, width: 2, padding: UInt8(ascii: " "))
        case UInt8(ascii: "l"): bytes.append(decimal: hour12, width: 2, padding: UInt8(ascii: " "))
        case UInt8(ascii: "m"): bytes.append(decimal: civil.month, width: 2)
        case UInt8(ascii: "M"): bytes.append(decimal: civil.minute, width: 2)
        case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "p"): bytes.append(contentsOf: (civil.hour < 12 ? "AM" : "PM").utf8)
        case UInt8(ascii: "R"): all("H:M")
        case UInt8(ascii: "s"): bytes.append(decimal: Int(seconds), width: 1)
        case UInt8(ascii: "S"): bytes.append(decimal: civil.second, width: 2)
        case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
        case UInt8(ascii: "T"): all("H:M:S")
        case UInt8(ascii: "u"): bytes.append(decimal: civil.weekday == 0 ? 7 : civil.weekday, width: 1)
        case UInt8(ascii: "w"): bytes.append(decimal: civil.weekday, width: 1)
        case UInt8(ascii: "y"): bytes.append(decimal: civil.year % 100, width: 2)
        case UInt8(ascii: "Y"): bytes.append(decimal: civil.year, width: 1)
        case UInt8(ascii: "z"): bytes.append(contentsOf: "+0000".utf8)
        default: bytes.append(contentsOf: "UTC".utf8)
        }
    }
}

extension [UInt8] {
    /// Appends a number in decimal, padded on the left to `width`, without making a String.
    public mutating func append(decimal number: Int, width: Int = 1, padding: UInt8 = UInt8(ascii: "0")) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        while count - start < width { append(padding) }
        self[start...].reverse()
    }
}
