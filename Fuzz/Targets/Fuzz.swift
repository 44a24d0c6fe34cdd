import Glibc

/// libFuzzer's driver, without a `main` of its own, so that one program holds every target.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// One target, named by `FUZZ_TARGET`, with libFuzzer's own arguments. The environment says it because libFuzzer starts the
/// program again to merge corpora, with the arguments that it knows.
@main
struct Fuzz {
    static func main() {
        guard let target = environment("FUZZ_TARGET").flatMap(FuzzTarget.init) else {
            return print("FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        if target == .differences { Differences.begin(known: environment("FUZZ_DIFFERENCES")) }
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        let result =
            switch target {
            case .request: runDriver(&count, &arguments) { HTTP1HeadFuzz.run(FuzzInput($0, $1), requests: true) }
            case .response: runDriver(&count, &arguments) { HTTP1HeadFuzz.run(FuzzInput($0, $1), requests: false) }
            case .chunked: runDriver(&count, &arguments) { ChunkedFuzz.run(FuzzInput($0, $1)) }
            case .hpack: runDriver(&count, &arguments) { HPACKFuzz.run(FuzzInput($0, $1)) }
            case .http2: runDriver(&count, &arguments) { HTTP2Fuzz.run(FuzzInput($0, $1)) }
            case .differences: runDriver(&count, &arguments) { Differences.run(FuzzInput($0, $1)) }
            }
        if result != 0 { fatalError("libFuzzer ended with \(result)") }
    }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// What can be fuzzed.
enum FuzzTarget: String, CaseIterable {
    /// HTTP/1 connections as a server and as a client reads them.
    case request, response
    /// Chunked bodies.
    case chunked
    /// Field blocks of one HTTP/2 connection.
    case hpack
    /// Frames through the HTTP/2 machine, in both roles.
    case http2
    /// HTTP/1 requests and responses, read by us and by llhttp.
    case differences
}

/// Ends the run when something that must hold does not. libFuzzer then keeps the input.
@inline(__always)
func check(_ condition: Bool, _ what: @autoclosure () -> String, line: UInt = #line, file: StaticString = #fileID) {
    if !condition { fatalError("does not hold: \(what())", file: file, line: line) }
}
