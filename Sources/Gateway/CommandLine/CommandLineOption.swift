import Observability

/// One option of a command: how it is written, and what it sets. The parser and the help texts are
/// made from the same table.
struct CommandLineOption<Options>: Sendable {
  let name: String
  /// What stands for its value in the help, such as `FILE`.
  let value: String
  let summary: [String]
  let set: @Sendable (inout Options, String) throws(SettingProblem) -> Void
}

/// A command with its options.
struct CommandLineCommand<Options>: Sendable {
  let name: String
  let options: [CommandLineOption<Options>]
  let makeOptions: @Sendable () -> Options
}

extension CommandLineOption<ServeOptions> {
  static let all: [CommandLineOption] = [
    CommandLineOption(
      name: "--config", value: "FILE",
      summary: ["Configuration file (YAML); without it, the environment", "alone decides"],
      set: { (options, text) throws(SettingProblem) in options.config = try path(text) }),
    CommandLineOption(
      name: "--catalog", value: "PATH",
      summary: [
        "Provider catalog (JSON) [default: PROVIDER_CATALOG.json", "in the working directory]",
      ],
      set: { (options, text) throws(SettingProblem) in options.flags.catalog = try path(text) }),
    CommandLineOption(
      name: "--listen", value: "HOST:PORT",
      summary: ["Where to listen; port 0 takes a free one", "[default: 127.0.0.1:8080]"],
      set: { (options, text) throws(SettingProblem) in
        options.flags.listen = try SettingRule.listen(text)
      }),
    CommandLineOption(
      name: "--threads", value: "auto|N",
      summary: ["Event loops, each on its own thread", "[default: auto, one for each core]"],
      set: { (options, text) throws(SettingProblem) in
        options.flags.threads = try SettingRule.threads(text)
      }),
    CommandLineOption(
      name: "--state", value: "URL",
      summary: [
        "Where breakers and other state are kept: memory:,",
        "sqlite:PATH, redis://HOST:PORT/DB, ...",
        "[default: sqlite:data/easel.db]",
      ],
      set: { (options, text) throws(SettingProblem) in
        options.flags.state = try SettingRule.stateURL(text)
      }),
    CommandLineOption(
      name: "--log-level", value: "LEVEL",
      summary: ["debug, info, warning or error [default: info]"],
      set: { (options, text) throws(SettingProblem) in
        options.flags.logLevel = try SettingRule.choice(text, LogLevel.self)
      }),
  ]
}

extension CommandLineOption<DemoOptions> {
  static let all: [CommandLineOption] = [
    CommandLineOption(
      name: "--listen", value: "HOST:PORT",
      summary: ["Where to listen; port 0 takes a free one", "[default: 127.0.0.1:8080]"],
      set: { (options, text) throws(SettingProblem) in
        options.listen = try SettingRule.listen(text)
      }),
    CommandLineOption(
      name: "--threads", value: "auto|N",
      summary: ["Event loops, each on its own thread", "[default: auto, one for each core]"],
      set: { (options, text) throws(SettingProblem) in
        options.threads = try SettingRule.threads(text)
      }),
  ]
}

extension CommandLineOption<CheckOptions> {
  static let all: [CommandLineOption] = [
    CommandLineOption(
      name: "--config", value: "FILE",
      summary: ["Configuration file (YAML); without it, the environment", "alone is checked"],
      set: { (options, text) throws(SettingProblem) in options.config = try path(text) }),
    CommandLineOption(
      name: "--catalog", value: "PATH",
      summary: [
        "Provider catalog (JSON) [default: PROVIDER_CATALOG.json", "in the working directory]",
      ],
      set: { (options, text) throws(SettingProblem) in options.catalog = try path(text) }),
    CommandLineOption(
      name: "--keys", value: "skip|ask",
      summary: [
        "Whether to ask each image provider if its key is good,", "at no cost [default: skip]",
      ],
      set: { (options, text) throws(SettingProblem) in
        options.keys = try SettingRule.choice(text, KeyChecking.self)
      }),
  ]
}

/// A path that was given at all: `--config "$UNSET"` is a mistake, not a wish for the default.
private func path(_ text: String) throws(SettingProblem) -> String {
  guard !text.isEmpty else { throw SettingProblem("needs a path, but the text is empty") }
  return text
}
