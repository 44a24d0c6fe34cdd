import ArgumentParser

/// Which namespace a command is about.
struct NamespaceOptions: ParsableArguments {
    @Option(
        name: [.customShort("n"), .customLong("namespace")],
        help: ArgumentHelp("The namespace (env TULLE_NAMESPACE, default \"default\").", valueName: "name"))
    var flag: String?

    var namespace: String { Setting.text(flag, "TULLE_NAMESPACE", default: "default") }
}
