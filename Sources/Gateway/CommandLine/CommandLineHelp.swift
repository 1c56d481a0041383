/// The help texts; at most 80 columns.
enum CommandLineHelp {
  static let overview = """
    Easel is an OpenAI-compatible gateway that lets any chat model make pictures.

    Usage: easel <command> [options]

    Commands:
      serve     Run the gateway
      demo      Run it with simulated providers: no key, no configuration needed
      check     Validate the configuration, and say all that is wrong with it
      help      Show this text, or that of a command: easel help serve
      version   Show the version

    Options:
      -h, --help      Show help; also after a command
      -V, --version   Show the version

    Examples:
      easel demo
      OPENAI_API_KEY=sk-... easel serve
      easel serve --config config/easel.yaml --listen 0.0.0.0:8080

    Point an OpenAI SDK at it with base_url="http://127.0.0.1:8080/v1".

    """

  static let serve = """
    Run the gateway.

    Usage: easel serve [options]

    Options:
    \(options(CommandLineParser.serve))

    Once it listens it prints one line: listening on http://HOST:PORT
    Logs go to the standard error, one JSON object a line. SIGTERM and SIGINT let
    requests in progress end first; a second signal stops at once.

    Options beat the environment, which beats the file.

    Environment:
      OPENAI_API_KEY        Key of the OpenAI API, or of the server below
      OPENAI_BASE_URL       OpenAI-compatible server that gets every model, unless
                            a file lists upstreams [default:
                            https://api.openai.com/v1]
      EASEL_CATALOG         As --catalog; its providers have variables of their own
      EASEL_IMAGE_MODEL     Image model at the same server, before those of the
                            catalog; 'none' turns pictures off
      EASEL_LISTEN          As --listen
      EASEL_THREADS         As --threads
      EASEL_LOG_LEVEL       As --log-level
      EASEL_PUBLIC_URL      Base URL of the links to pictures [default: from the
                            request's Host]
      EASEL_STATE           As --state
      REDIS_URL             The same, where EASEL_STATE is not set
      EASEL_ADMIN_KEY       Key of the operators, for /admin/...
      CIRCUIT_BREAKER_ENABLED
                            Whether failing providers are left alone [default: true]
      CIRCUIT_BREAKER_FAILURE_THRESHOLD
                            Failures that open a breaker [default: 5]
      CIRCUIT_BREAKER_TIMEOUT_MS
                            How long it is open the first time
      MAX_TOOL_ITERATIONS   Calls of the chat model for one answer [default: 5]
      HTTPS_PROXY           HTTP proxy for https servers: http://HOST:PORT
      NO_PROXY              Hosts to reach without it, separated by commas

    Examples:
      OPENAI_API_KEY=sk-... easel serve
      OPENAI_BASE_URL=http://127.0.0.1:11434/v1 easel serve --listen 127.0.0.1:0
      easel serve --config config/easel.yaml --log-level debug

    \(exitCodes)

    """

  static let demo = """
    Run the gateway with simulated providers: a chat model that decides to draw, and
    image models that make real PNG files. Needs no key and no configuration, and
    calls nobody.

    Usage: easel demo [options]

    Options:
    \(options(CommandLineParser.demo))

    Once it listens it prints its address, and a curl and a Python line to try.

    Examples:
      easel demo
      easel demo --listen 127.0.0.1:0

    \(exitCodes)

    """

  static let check = """
    Validate the configuration and the provider catalog without starting anything,
    and print all that is wrong with them, each fault with its line and what is
    allowed there.

    Usage: easel check [options]

    Options:
    \(options(CommandLineParser.check))

    A key that is named in the file but not set in the environment is an error here,
    and a warning for 'easel serve'. A provider of the catalog may lack its key. The
    environment is read as for 'easel serve'.

    Examples:
      easel check --config config/easel.yaml
      easel check --catalog PROVIDER_CATALOG.json
      easel check --keys ask

    Exit codes:
      0   the configuration is good
      64  the command line cannot be understood
      78  the configuration is wrong

    """

  private static let exitCodes = """
    Exit codes:
      0   stopped as asked
      64  the command line cannot be understood
      69  it could not start: the address is taken, for example
      78  the configuration is wrong
    """

  private static func options<Options>(_ command: CommandLineCommand<Options>) -> String {
    var rows = command.options.map { ("\($0.name) \($0.value)", $0.summary) }
    rows.append(("-h, --help", ["Show this text"]))
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { name, summary in
      let padding = String(repeating: " ", count: width - name.count)
      let indent = String(repeating: " ", count: width + 5)
      return "  \(name)\(padding)   \(summary.joined(separator: "\n\(indent)"))"
    }
    .joined(separator: "\n")
  }
}
