import Observability
import Testing

@testable import Gateway

@Suite("The command line")
struct CommandLineParserTests {
  private func parse(_ line: String) -> Result<CommandLineInvocation, UsageError> {
    CommandLineParser.parse(line.split(separator: " ").map(String.init))
  }

  private static func serve(
    config: String? = nil, _ flags: ConfigurationFlags = .init()
  ) -> CommandLineInvocation {
    var options = ServeOptions()
    options.config = config
    options.flags = flags
    return .serve(options)
  }

  private static func demo(_ change: (inout DemoOptions) -> Void = { _ in })
    -> CommandLineInvocation
  {
    var options = DemoOptions()
    change(&options)
    return .demo(options)
  }

  private static func check(_ config: String?, catalog: String? = nil) -> CommandLineInvocation {
    var options = CheckOptions()
    options.config = config
    options.catalog = catalog
    return .check(options)
  }

  private static let address = ListenAddress(host: "0.0.0.0", port: 80)

  @Test(
    "is understood",
    arguments: [
      ("serve", serve()),
      ("serve --config a.yaml", serve(config: "a.yaml")),
      ("serve --config=a=b.yaml", serve(config: "a=b.yaml")),
      ("serve --listen 0.0.0.0:80", serve(.init(listen: address))),
      ("serve --listen=0.0.0.0:80", serve(.init(listen: address))),
      ("serve --catalog c.json", serve(.init(catalog: "c.json"))),
      ("check --catalog=c.json", check(nil, catalog: "c.json")),
      ("check --config a --catalog b", check("a", catalog: "b")),
      ("serve --threads auto", serve(.init(threads: .auto))),
      ("serve --threads 4 --log-level debug", serve(.init(threads: .exactly(4), logLevel: .debug))),
      (
        "serve --log-level=error --config x --threads=2 --listen 0.0.0.0:80",
        serve(config: "x", .init(listen: address, threads: .exactly(2), logLevel: .error))
      ),
      ("demo", demo()),
      ("demo --listen 0.0.0.0:80", demo { $0.listen = address }),
      ("demo --threads 2", demo { $0.threads = .exactly(2) }),
      ("check", check(nil)),
      ("check --config a.yaml", check("a.yaml")),
      ("version", .version), ("--version", .version), ("-V", .version),
      ("", .help(CommandLineHelp.overview)), ("help", .help(CommandLineHelp.overview)),
      ("--help", .help(CommandLineHelp.overview)), ("-h", .help(CommandLineHelp.overview)),
      ("help serve", .help(CommandLineHelp.serve)), ("help demo", .help(CommandLineHelp.demo)),
      ("help check", .help(CommandLineHelp.check)), ("help help", .help(CommandLineHelp.overview)),
      ("serve --help", .help(CommandLineHelp.serve)), ("serve -h", .help(CommandLineHelp.serve)),
      ("demo --help", .help(CommandLineHelp.demo)), ("check -h", .help(CommandLineHelp.check)),
      ("serve --wrong --help", .help(CommandLineHelp.serve)),
    ])
  func understood(line: String, invocation: CommandLineInvocation) {
    #expect(parse(line) == .success(invocation))
  }

  @Test(
    "that is wrong says why, and where to read on",
    arguments: [
      ("srve", "unknown command 'srve'; did you mean 'serve'?", nil),
      ("wibble", "unknown command 'wibble'", nil),
      ("--wibble", "unknown option '--wibble'", nil),
      ("--verion", "unknown option '--verion'; did you mean '--version'?", nil),
      (
        "--config x serve",
        "the option '--config' belongs behind a command, such as 'easel serve --config …'", nil
      ),
      (
        "--listen=x",
        "the option '--listen' belongs behind a command, such as 'easel serve --listen …'", nil
      ),
      ("help srve", "unknown command 'srve'; did you mean 'serve'?", nil),
      ("help serve demo", "unexpected argument 'demo' after 'serve'", nil),
      ("version now", "unexpected argument 'now' after 'version'", nil),
      ("serve --lisen x", "unknown option '--lisen'; did you mean '--listen'?", "serve"),
      ("serve --lisen=x", "unknown option '--lisen'; did you mean '--listen'?", "serve"),
      ("serve --quiet", "unknown option '--quiet'", "serve"),
      ("serve -x", "unknown option '-x'", "serve"),
      ("serve now", "unexpected argument 'now'", "serve"),
      ("serve --config", "the option '--config' needs a value: --config FILE", "serve"),
      (
        "serve --config --listen a:1", "the option '--config' needs a value: --config FILE", "serve"
      ),
      ("serve --config=", "--config: needs a path, but the text is empty", "serve"),
      ("check --catalog=", "--catalog: needs a path, but the text is empty", "check"),
      ("serve --catalgo x", "unknown option '--catalgo'; did you mean '--catalog'?", "serve"),
      ("serve --threads 1 --threads=2", "the option '--threads' is given twice", "serve"),
      (
        "serve --listen 8080",
        "--listen: '8080' has no host: write 127.0.0.1:8080, or 0.0.0.0:8080 for every interface",
        "serve"
      ),
      ("serve --threads 0", "--threads: '0' is not 'auto' or a number from 1 to 256", "serve"),
      (
        "serve --log-level loud",
        "--log-level: 'loud' is not one of debug, info, warning, error", "serve"
      ),
      ("demo --config x", "unknown option '--config'", "demo"),
      ("demo --catalog x", "unknown option '--catalog'", "demo"),
      ("check --listen a:1", "unknown option '--listen'", "check"),
    ] as [(String, String, String?)])
  func wrong(line: String, message: String, command: String?) {
    let help = command.map { "easel \($0) --help" } ?? "easel --help"
    #expect(
      parse(line) == .failure(UsageError(description: "easel: \(message)\nTry '\(help)'.")))
  }

  @Test(
    "has help texts of at most 80 columns that end with a line break",
    arguments: [
      CommandLineHelp.overview, CommandLineHelp.serve, CommandLineHelp.demo, CommandLineHelp.check,
    ])
  func helpTexts(text: String) {
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
    #expect(text.contains("Usage: easel"))
    #expect(text.contains("Examples:"))
  }

  @Test("has a help text for every option of every command")
  func everyOption() {
    for name in CommandLineParser.serve.names {
      #expect(CommandLineHelp.serve.contains("  \(name) "))
    }
    for name in CommandLineParser.demo.names {
      #expect(CommandLineHelp.demo.contains("  \(name) "))
    }
    for name in CommandLineParser.check.names {
      #expect(CommandLineHelp.check.contains("  \(name) "))
    }
    for text in [CommandLineHelp.serve, CommandLineHelp.demo, CommandLineHelp.check] {
      #expect(text.contains("-h, --help"))
      #expect(text.contains("Exit codes:"))
    }
  }

  @Test("states its version")
  func version() {
    #expect(Product.versionLine == "easel \(Product.version)")
  }
}
