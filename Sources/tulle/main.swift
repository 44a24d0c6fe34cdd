import Foundation
import TulleCommand

exit(await CommandSet.run(Tulle.self, Array(CommandLine.arguments.dropFirst())))
