import Observability
import TestSupport
import Resilience
import Testing

@testable import Gateway

@Suite("Loading a configuration")
struct ConfigurationLoadTests {
  @Test("reads every part of a full file")
  func full() throws {
    let yaml = """
      listen: "[::1]:0"
      threads: 4
      public_url: https://easel.example.com/base/
      tls: {certificate: c.pem, key: k.pem}
      limits: {body: 1MiB, image: 500kB, header_timeout: 1s, body_timeout: 2s, write_timeout: 3s,
        idle_timeout: 4s, connections: 5}
      upstreams:
        - name: main
          base_url: HTTPS://API.test:8443/v1/
          api_key_env: MAIN_KEY
          models: [m1, m2]
          models_without_tools: [m2]
          timeouts: {connect: 1s, first_byte: 1.5s, idle: 2m}
          headers: {X-One: "1", X-Key: "${HEADER_KEY}"}
          ca_file: ca.pem
        - {name: local, base_url: "http://[::1]:11434", forward_authorization: true, tools: false}
      aliases: {fast: m1, other: local/anything/at-all}
      image_tool: {enabled: false, default_mode: "off", max_iterations: 1, keep_alive: 1s,
        max_images_per_request: 2, argument_bytes: 1KiB, default_quality: ultra}
      images:
        providers:
          - name: p
            base_url: http://p.test/v1
            api_key_env: P_KEY
            timeout: 60s
            models:
              - {id: m, tier: ultra, sizes: [1x2, 3x4], dialect: dall-e-3, price: 0.04, priority: 2,
                 max_count: 3}
        store: {path: /pictures, expire_after: 30d}
        allow_private_urls: true
        concurrency: 2
        queue: 0
      shutdown: {grace: 5s, readiness_delay: 1m}
      log: {level: debug, prompts: true}
      """
    let environment = ["MAIN_KEY": " sk-main\n", "P_KEY": "sk-p", "HEADER_KEY": "hk"]
    let configuration = try load(yaml, environment: environment)

    #expect(configuration.listen == ListenAddress(host: "::1", port: 0))
    #expect(configuration.listen.description == "[::1]:0")
    #expect(configuration.threads == .exactly(4))
    #expect(configuration.publicURL == "https://easel.example.com/base")
    #expect(configuration.tls == TLSConfiguration(certificate: "c.pem", key: "k.pem"))
    #expect(configuration.limits.body == .mebibytes(1))
    #expect(configuration.limits.image == ByteCount(500_000))
    #expect(configuration.limits.headerTimeout == .seconds(1))
    #expect(configuration.limits.bodyTimeout == .seconds(2))
    #expect(configuration.limits.writeTimeout == .seconds(3))
    #expect(configuration.limits.idleTimeout == .seconds(4))
    #expect(configuration.limits.connections == 5)

    let main = try #require(configuration.upstreams.first)
    #expect(main.name == "main")
    #expect(main.baseURL == "https://API.test:8443/v1")
    #expect(main.apiKeyVariable == "MAIN_KEY")
    #expect(main.apiKey == Secret("sk-main"))
    #expect(main.models == .listed(["m1", "m2"]))
    #expect(main.tools)
    #expect(main.modelsWithoutTools == ["m2"])
    #expect(main.timeouts.connect == .seconds(1))
    #expect(main.timeouts.firstByte == .milliseconds(1500))
    #expect(main.timeouts.idle == .seconds(120))
    #expect(
      main.headers == [
        UpstreamHeader(name: "X-One", value: Secret("1")),
        UpstreamHeader(name: "X-Key", value: Secret("hk")),
      ])
    #expect(main.caFile == "ca.pem")
    var local = UpstreamConfiguration(name: "local", baseURL: "http://[::1]:11434")
    local.forwardAuthorization = true
    local.tools = false
    #expect(configuration.upstreams.last == local)
    #expect(configuration.aliases == ["fast": "m1", "other": "local/anything/at-all"])

    #expect(!configuration.imageTool.enabled)
    #expect(configuration.imageTool.defaultMode == .off)
    #expect(configuration.imageTool.maxIterations == 1)
    #expect(configuration.imageTool.maxImagesPerRequest == 2)
    #expect(configuration.imageTool.keepAlive == .seconds(1))
    #expect(configuration.imageTool.argumentBytes == .kibibytes(1))
    #expect(configuration.imageTool.defaultQuality == .ultra)

    let provider = try #require(configuration.images.providers.first)
    #expect(provider.apiKey == Secret("sk-p"))
    #expect(provider.timeout == .seconds(60))
    let model = try #require(provider.models.first)
    #expect(model.tier == .ultra)
    #expect(model.sizes.map(\.description) == ["1x2", "3x4"])
    #expect(model.dialect == .dallE3)
    #expect(model.price == 0.04)
    #expect(model.priority == 2)
    #expect(model.maxCount == 3)
    #expect(configuration.images.store.path == "/pictures")
    #expect(configuration.images.store.expireAfter == .seconds(30 * 86_400))
    #expect(configuration.images.allowPrivateURLs)
    #expect(configuration.images.concurrency == 2)
    #expect(configuration.images.queue == 0)
    #expect(configuration.shutdown.grace == .seconds(5))
    #expect(configuration.shutdown.readinessDelay == .seconds(60))
    #expect(configuration.log.level == .debug)
    #expect(configuration.log.prompts)
    #expect(configuration.warnings.isEmpty)
  }

  @Test("flags beat the environment, which beats the file, which beats the defaults")
  func precedence() throws {
    let yaml = validUpstream + "listen: 1.1.1.1:1\nthreads: 1\nlog: {level: error}\n"
    let environment = [
      "EASEL_LISTEN": "2.2.2.2:2", "EASEL_THREADS": "2", "EASEL_LOG_LEVEL": "warning",
    ]
    let flags = ConfigurationFlags(
      listen: ListenAddress(host: "3.3.3.3", port: 3), threads: .exactly(3), logLevel: .debug)
    func seen(_ configuration: Configuration) -> [String] {
      [
        configuration.listen.description, "\(configuration.threads)",
        configuration.log.level.rawValue,
      ]
    }
    #expect(seen(try load(validUpstream)) == ["127.0.0.1:8080", "auto", "info"])
    #expect(seen(try load(yaml)) == ["1.1.1.1:1", "exactly(1)", "error"])
    #expect(
      seen(try load(yaml, environment: environment)) == ["2.2.2.2:2", "exactly(2)", "warning"])
    #expect(
      seen(try load(yaml, environment: environment, flags: flags))
        == ["3.3.3.3:3", "exactly(3)", "debug"])
  }

  @Test("a share of calls holds too where a later rule turns on what it is a share of")
  func sharesOfRules() throws {
    let yaml =
      validUpstream
        + """
        circuit_breaker:
          rules:
            - {for: image, minimum_calls: 50, slow_rate: 80%}
            - {for: image/a, failure_rate: 30%, slow_call: 60s}
            - {for: image/a/m, minimum_calls: 7}
        """
    let breakers = try load(yaml).circuitBreaker
    func settings(_ model: String) -> BreakerSettings {
      breakers.settings(
        for: BreakerKey(.image, provider: "a", model: model), callLimit: .seconds(60))
    }
    #expect(settings("n").failureRate == RateRule(rate: 0.3, minimumCalls: 50))
    #expect(settings("n").slowCalls?.share == RateRule(rate: 0.8, minimumCalls: 50))
    #expect(settings("m").failureRate == RateRule(rate: 0.3, minimumCalls: 7))
  }

  @Test("the environment beats the file for links and rounds too")
  func otherVariables() throws {
    let yaml = validUpstream + "public_url: http://file\nimage_tool: {max_iterations: 2}\n"
    let environment = ["EASEL_PUBLIC_URL": "https://env/", "MAX_TOOL_ITERATIONS": "7"]
    let configuration = try load(yaml, environment: environment)
    #expect(configuration.publicURL == "https://env")
    #expect(configuration.imageTool.maxIterations == 7)
  }

  @Test("a variable that is set to nothing counts as not set")
  func emptyVariables() throws {
    let environment = [
      "OPENAI_API_KEY": "k", "EASEL_LISTEN": "", "OPENAI_BASE_URL": "", "EASEL_IMAGE_MODEL": "",
      "MAX_TOOL_ITERATIONS": "", "HTTPS_PROXY": "",
    ]
    let configuration = try load(nil, environment: environment)
    #expect(configuration.listen.description == "127.0.0.1:8080")
    #expect(configuration.upstreams.map(\.baseURL) == ["https://api.openai.com/v1"])
    #expect(configuration.proxy == nil)
  }

  @Test("a file that exists is read", .bounded, .timeLimit(.minutes(10)))
  func fromDisk() throws {
    let configuration = try Configuration.load(
      file: sampleFile, environment: ["OPENAI_API_KEY": "sk-test"])
    #expect(configuration.upstreams.first?.apiKey == Secret("sk-test"))
  }

  @Test("a bucket is read with its defaults, and the usual token goes with the usual key alone")
  func bucket() throws {
    let environment = [
      "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
      "MY_ID": "mine", "MY_TOKEN": "my-token", "OPENAI_API_KEY": "k",
    ]
    func read(_ settings: String) throws -> (S3StoreConfiguration, [String]) {
      let configuration = try load(
        validUpstream + "images: {store: {max_bytes: 10GiB, s3: {\(settings)}}}\n",
        environment: environment)
      #expect(configuration.images.store.maxBytes == .mebibytes(10 * 1024))
      let warnings = configuration.warnings.filter(\.failsCheck).map(\.message)
      return (try #require(configuration.images.store.s3), warnings)
    }
    let (plain, _) = try read("endpoint: 'https://S3.test/', bucket: b-1.c")
    var expected = S3StoreConfiguration(endpoint: "https://S3.test", bucket: "b-1.c")
    expected.sessionTokenVariable = "AWS_SESSION_TOKEN"
    expected.accessKey = Secret("id")
    expected.secretKey = Secret("secret")
    expected.sessionToken = Secret("token")
    #expect(plain == expected)
    #expect(plain.region == "us-east-1" && plain.addressing == .path && plain.urls == .gateway)

    let (full, warnings) = try read(
      "endpoint: 'http://h:9000/base', bucket: bbb, region: eu-1, prefix: a/b, "
        + "addressing: virtual, access_key_env: MY_ID, secret_key_env: MISSING, "
        + "urls: presigned, url_expiry: 1h")
    #expect(full.endpoint == "http://h:9000/base" && full.region == "eu-1" && full.prefix == "a/b")
    #expect(full.addressing == .virtual && full.urls == .presigned)
    #expect(full.urlExpiry == .seconds(3600))
    #expect(full.accessKey == Secret("mine") && full.secretKey == nil && full.sessionToken == nil)
    #expect(
      warnings == ["images.store.s3: MISSING is not set, so no picture can be stored"])
    let (token, _) = try read(
      "endpoint: 'http://h', bucket: bbb, access_key_env: MY_ID, session_token_env: MY_TOKEN")
    #expect(token.sessionToken == Secret("my-token"))
  }
}
