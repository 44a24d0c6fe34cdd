import ArgumentParser

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")], help: "table, json or yaml (env TULLE_OUTPUT, default table)."
    )
    var flag: OutputFormat?

    func format() throws -> OutputFormat {
        if let flag { return flag }
        let text = Setting.text(nil, "TULLE_OUTPUT", default: "table")
        guard let format = OutputFormat(rawValue: text) else {
            throw Failure(.usage, "TULLE_OUTPUT is \"\(text)\": table, json or yaml would be right")
        }
        return format
    }
}
