import SwiftProtobuf
import TulleConfig
import TulleModel

/// Access loggers and their formats.
extension Translation {
    func accessLog(_ message: Envoy_Config_Accesslog_V3_AccessLog) -> AccessLog? {
        within("typed_config") {
            switch unpack(message.typedConfig, at: .accessLogger) {
            case let file as Envoy_Extensions_AccessLoggers_File_V3_FileAccessLog: fileLog(file)
            case let output as Envoy_Extensions_AccessLoggers_Stream_V3_StdoutAccessLog:
                streamLog(
                    .standardOutput,
                    output.accessLogFormat.map { specifier in
                        switch specifier {
                        case .logFormat(let format): format
                        }
                    })
            case let error as Envoy_Extensions_AccessLoggers_Stream_V3_StderrAccessLog:
                streamLog(
                    .standardError,
                    error.accessLogFormat.map { specifier in
                        switch specifier {
                        case .logFormat(let format): format
                        }
                    })
            default: nil
            }
        }
    }

    private func fileLog(_ message: Envoy_Extensions_AccessLoggers_File_V3_FileAccessLog) -> AccessLog? {
        guard required("path", message.path) else { return nil }
        let sink: AccessLog.Sink =
            switch message.path {
            case "/dev/stdout": .standardOutput
            case "/dev/stderr": .standardError
            default: .file(message.path)
            }
        switch message.accessLogFormat {
        case nil: return AccessLog(sink: sink)
        case .format(let text): return AccessLog(sink: sink, format: text.isEmpty ? nil : .text(text))
        case .jsonFormat(let json): return AccessLog(sink: sink, format: .json(Self.value(json)))
        case .logFormat(let format): return streamLog(sink, format)
        }
    }

    private func streamLog(
        _ sink: AccessLog.Sink, _ format: Envoy_Config_Core_V3_SubstitutionFormatString?
    ) -> AccessLog? {
        guard let format else { return AccessLog(sink: sink) }
        return within("log_format") {
            switch format.format {
            case nil:
                fail("one of text_format, json_format and text_format_source is required")
                return nil
            case .textFormat(let text): return AccessLog(sink: sink, format: text.isEmpty ? nil : .text(text))
            case .jsonFormat(let json): return AccessLog(sink: sink, format: .json(Self.value(json)))
            case .textFormatSource(let source):
                // A format of more than that is a mistake.
                return dataSource("text_format_source", source, limit: 64 << 10).map {
                    AccessLog(sink: sink, format: .text(String(decoding: $0, as: UTF8.self)))
                }
            }
        }
    }
}
