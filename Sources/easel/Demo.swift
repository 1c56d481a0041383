import EventLoop
import Gateway
import Observability
import Simulator

/// `easel demo`: the gateway with simulated providers, which need no key and cost nothing.
enum Demo {
  static func run(_ options: DemoOptions) async -> Int32 {
    let count = options.threads.count(cores: EventLoopGroup.coreCount)
    let group = EventLoopGroup(count: count)
    let output = LogOutput(descriptor: Program.errorDescriptor)
    let logger = Logger(level: .warning, output: output)
    defer { _ = output.flush() }
    do {
      // A word every 30 ms reads like a model that thinks.
      let simulator = try await SimulatorServer.start(group: group, pace: .milliseconds(30))
      let gateway = try await Gateway.start(
        configuration(options, simulator), group: group, logger: logger)
      return await Service.untilSignal(
        gateway, group, logger, announcement: instructions(gateway.url))
    } catch {
      Program.complain("\(error)")
      return ExitStatus.unavailable
    }
  }

  private static func configuration(
    _ options: DemoOptions, _ simulator: SimulatorServer
  ) -> Configuration {
    var configuration = Configuration()
    configuration.listen = options.listen
    configuration.threads = options.threads
    configuration.upstreams = [
      UpstreamConfiguration(name: "simulated", baseURL: simulator.baseURL)
    ]
    var provider = ImageProviderConfiguration(name: "simulated", baseURL: simulator.baseURL)
    var best = ImageModelConfiguration(id: "gpt-image-1")
    best.tier = .ultra
    best.price = 0.04
    var second = ImageModelConfiguration(id: "dall-e-3")
    second.price = 0.04
    second.priority = 2
    provider.models = [best, second]
    configuration.images.providers = [provider]
    // What one demo has seen fail is not the next one's business.
    configuration.state = .inProcess
    // A demo that is asked to stop has nobody waiting for it.
    configuration.shutdown.grace = .seconds(5)
    return configuration
  }

  private static func instructions(_ url: String) -> String {
    """
    listening on \(url)

    Providers are simulated: no key, no cost. Try:

      curl -N \(url)/v1/chat/completions -H 'content-type: application/json' \\
        -d '{"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "Draw a fox in the snow"}]}'

      python3 -c 'import openai; print(openai.OpenAI(base_url="\(url)/v1", api_key="x").chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Draw a fox in the snow"}]).choices[0].message.content)'

    Open the picture's link in a browser. Control-C ends the demo.

    """
  }
}
