internal import Observability

/// Understands the command line, without touching anything else.
package enum CommandLineParser {
  static let serve = CommandLineCommand(
    name: "serve", options: CommandLineOption.all, makeOptions: { ServeOptions() })
  static let demo = CommandLineCommand(
    name: "demo", options: CommandLineOption.all, makeOptions: { DemoOptions() })
  static let check = CommandLineCommand(
    name: "check", options: CommandLineOption.all, makeOptions: { CheckOptions() })

  private static let commands = ["serve", "demo", "check", "help", "version"]

  /// What the arguments (without the program's name) ask for. No arguments ask for help.
  package static func parse(_ arguments: [String]) -> Result<CommandLineInvocation, UsageError> {
    do throws(UsageError) {
      return .success(try invocation(arguments))
    } catch {
      return .failure(error)
    }
  }

  private static func invocation(
    _ arguments: [String]
  ) throws(UsageError) -> CommandLineInvocation {
    guard let first = arguments.first else { return .help(CommandLineHelp.overview) }
    let rest = arguments.dropFirst()
    switch first {
    case "serve":
      return try serve.parse(rest).map(CommandLineInvocation.serve) ?? .help(CommandLineHelp.serve)
    case "demo":
      return try demo.parse(rest).map(CommandLineInvocation.demo) ?? .help(CommandLineHelp.demo)
    case "check":
      return try check.parse(rest).map(CommandLineInvocation.check) ?? .help(CommandLineHelp.check)
    case "help", "--help", "-h": return .help(try helpText(rest))
    case "version", "--version", "-V":
      try requireNothing(rest, after: first)
      return .version
    default: throw unknown(first)
    }
  }

  private static func helpText(_ rest: ArraySlice<String>) throws(UsageError) -> String {
    guard let topic = rest.first else { return CommandLineHelp.overview }
    try requireNothing(rest.dropFirst(), after: topic)
    switch topic {
    case "serve": return CommandLineHelp.serve
    case "demo": return CommandLineHelp.demo
    case "check": return CommandLineHelp.check
    case "help", "version", "--help", "-h", "--version", "-V": return CommandLineHelp.overview
    default: throw unknown(topic)
    }
  }

  private static func requireNothing(
    _ rest: ArraySlice<String>, after word: String
  ) throws(UsageError) {
    guard let extra = rest.first else { return }
    throw usage("unexpected argument \(Quoted(extra)) after '\(word)'", command: nil)
  }

  private static func unknown(_ word: String) -> UsageError {
    let isOption = word.hasPrefix("-")
    if isOption,
      let option = [serve.names, demo.names, check.names].joined()
        .first(where: { word == $0 || word.hasPrefix("\($0)=") })
    {
      return usage(
        "the option '\(option)' belongs behind a command, such as 'easel serve \(option) …'",
        command: nil)
    }
    let known = isOption ? ["--help", "--version"] : commands
    let hint = Suggestion.nearest(to: word, in: known).map { "; did you mean '\($0)'?" } ?? ""
    return usage("unknown \(isOption ? "option" : "command") \(Quoted(word))\(hint)", command: nil)
  }
}

extension CommandLineCommand {
  var names: [String] { options.map(\.name) }

  /// The options that the arguments set; nil if they ask for help.
  fileprivate func parse(_ arguments: ArraySlice<String>) throws(UsageError) -> Options? {
    var result = makeOptions()
    var rest = arguments
    var seen: Set<String> = []
    // Help wins over mistakes: who asks for it wants to know how to mend them.
    if arguments.contains(where: { $0 == "--help" || $0 == "-h" }) { return nil }
    while let argument = rest.popFirst() {
      let (name, inlineValue) = Self.split(argument)
      guard let option = options.first(where: { $0.name == name }) else {
        throw unknown(argument, name)
      }
      guard seen.insert(name).inserted else {
        throw usage("the option '\(name)' is given twice", command: self.name)
      }
      guard let value = inlineValue ?? rest.popFirst(), inlineValue != nil || !names.contains(value)
      else {
        throw usage(
          "the option '\(name)' needs a value: \(name) \(option.value)", command: self.name)
      }
      do throws(SettingProblem) {
        try option.set(&result, value)
      } catch {
        throw usage("\(name): \(error.message)", command: self.name)
      }
    }
    return result
  }

  private static func split(_ argument: String) -> (name: String, value: String?) {
    guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") else {
      return (argument, nil)
    }
    return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
  }

  private func unknown(_ argument: String, _ name: String) -> UsageError {
    guard argument.hasPrefix("-") else {
      return usage("unexpected argument \(Quoted(argument))", command: self.name)
    }
    let known = names + ["--help"]
    let hint = Suggestion.nearest(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""
    return usage("unknown option \(Quoted(name))\(hint)", command: self.name)
  }
}

private func usage(_ message: String, command: String?) -> UsageError {
  let help = command.map { "easel \($0) --help" } ?? "easel --help"
  return UsageError(description: "easel: \(message)\nTry '\(help)'.")
}
