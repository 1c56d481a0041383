import Foundation

// Holds the readers of outside bytes against slow and simple ones, on mutated and random inputs.
// A run is repeated by its seed.

private func status() -> Int32 {
  guard let options = FuzzOptions(Array(CommandLine.arguments.dropFirst())) else {
    FileHandle.standardError.write(Data((FuzzOptions.usage + "\n").utf8))
    return 2
  }
  return options.run() == 0 ? 0 : 1
}

exit(status())
