/// Broken configurations. The file's own begin behind the four lines of `validUpstream`.
extension ConfigurationFaultTests {
  static let file: [BrokenConfiguration] = [
    .init(
      "listen: 8080",
      "easel.yaml:5: listen: '8080' has no host: write 127.0.0.1:8080, or 0.0.0.0:8080 for every "
        + "interface"),
    .init(
      "listen: ':80'",
      "easel.yaml:5: listen: ':80' has no host: write 127.0.0.1:80, or 0.0.0.0:80 for every "
        + "interface"),
    .init(
      "listen: localhost",
      "easel.yaml:5: listen: 'localhost' has no port: write host:port, such as 127.0.0.1:8080"),
    .init(
      "listen: 127.0.0.1:65536",
      "easel.yaml:5: listen: '127.0.0.1:65536' has a port that is not a number from 0 to 65535"),
    .init(
      "listen: ::1:80",
      "easel.yaml:5: listen: '::1:80' needs brackets around its IPv6 address: [::1]:8080"),
    .init("listen: [a, b]", "easel.yaml:5: listen: is a list; a single value is needed"),
    .init("listen: {host: a}", "easel.yaml:5: listen: is a mapping; a single value is needed"),
    .init("threads: 0", "easel.yaml:5: threads: '0' is not 'auto' or a number from 1 to 256"),
    .init("threads: all", "easel.yaml:5: threads: 'all' is not 'auto' or a number from 1 to 256"),
    .init(
      "public_url: easel.example.com",
      "easel.yaml:5: public_url: must begin with https:// or http://"),
    .init(
      "public_url: https://e.com/?a=b",
      "easel.yaml:5: public_url: must not have a query (?) or a fragment (#)"),
    .init(
      "tls:\n  certificate: a.pem",
      "easel.yaml:6: tls.key: is missing; HTTPS needs both a certificate and a key"),
    .init(
      "limits:\n  body: 64 megabytes",
      "easel.yaml:6: limits.body: '64 megabytes' is not a size: write bytes, or a whole number "
        + "with KiB, MiB or GiB, such as 1GiB"),
    .init(
      "limits:\n  body: 2GiB",
      "easel.yaml:6: limits.body: '2GiB' is out of range: 1KiB to 1GiB is allowed"),
    .init(
      "limits:\n  image: 10",
      "easel.yaml:6: limits.image: '10' is out of range: 1KiB to 1GiB is allowed"),
    .init(
      "limits:\n  header_timeout: 10",
      "easel.yaml:6: limits.header_timeout: '10' has no unit: write 10s, or use ms, m, h"),
    .init(
      "limits:\n  header_timeout: soon",
      "easel.yaml:6: limits.header_timeout: 'soon' is not a duration: write a number with ms, s, "
        + "m, h or d, such as 10s"),
    .init(
      "limits:\n  idle_timeout: 2h",
      "easel.yaml:6: limits.idle_timeout: '2h' is out of range: 100ms to 1h is allowed"),
    .init(
      "limits:\n  connections: many",
      "easel.yaml:6: limits.connections: 'many' is not a whole number"),
    .init(
      "limits:\n  connections: '100'",
      "easel.yaml:6: limits.connections: '100' is not a whole number: write it without quotes"),
    .init(
      "limits:\n  connections: 1.5",
      "easel.yaml:6: limits.connections: '1.5' is not a whole number"),
    .init(
      "limits:\n  header_timout: 5s",
      "easel.yaml:6: limits.header_timout: unknown key; did you mean 'header_timeout'?"),
    .init(
      "limits: 10",
      "easel.yaml:5: limits: is a single value; a mapping of keys and values is needed"
    ),
    .init("lissten: a", "easel.yaml:5: lissten: unknown key; did you mean 'listen'?"),
    .init("Log:\n  level: info", "easel.yaml:5: Log: unknown key; did you mean 'log'?"),
    .init(
      "shutdown:\n  wibble: 1",
      "easel.yaml:6: shutdown.wibble: unknown key; known here: grace, readiness_delay"),
    .init(
      "aliases:\n  fast: three",
      "easel.yaml:6: aliases.fast: no upstream has the model 'three'"),
    .init(
      "aliases:\n  fast: a/three",
      "easel.yaml:6: aliases.fast: the upstream 'a' has no model 'three'"),
    .init(
      "aliases:\n  fast: a/",
      "easel.yaml:6: aliases.fast: the upstream 'a' has no model ''"),
    .init(
      "aliases:\n  x: one\n  y: x",
      "easel.yaml:7: aliases.y: points to 'x', which is an alias itself; name a model"),
    .init(
      "aliases:\n  x: two words",
      "easel.yaml:6: aliases.x: 'two words' is not a model's name: 1 to 256 characters without "
        + "spaces are needed"),
    .init(
      "aliases: [one]",
      "easel.yaml:5: aliases: is a list; a mapping of names and texts is needed"),
    .init(
      "aliases:\n  x: []", "easel.yaml:6: aliases.x: is an empty list; name at least one model"),
    .init(
      "aliases:\n  x: {to: one}", "easel.yaml:6: aliases.x: is a mapping; a single value is needed"),
    .init(
      "aliases:\n  x:\n    - one\n    - three",
      "easel.yaml:8: aliases.x: no upstream has the model 'three'"),
    .init(
      "aliases:\n  x:\n    - {weight: 1}",
      "easel.yaml:7: aliases.x[0].to: is missing; every target needs it"),
    .init(
      "aliases:\n  x:\n    - {to: one, weight: -1}",
      "easel.yaml:7: aliases.x[0].weight: -1 is out of range: 0 to 1000000 is allowed"),
    .init(
      "aliases:\n  x: [one, {to: one, weight: 1}]",
      "easel.yaml:6: aliases.x: mixes targets with and without a weight, or has no weight above 0"),
    .init(
      "retries: {attempts: 0}",
      "easel.yaml:5: retries.attempts: 0 is out of range: 1 to 10 is allowed"),
    .init(
      "retries: {budget: 120%}",
      "easel.yaml:5: retries.budget: '120%' is out of range: 0% to 100% is allowed"),
    .init(
      "state: {url: 'mysql://x'}",
      "easel.yaml:5: state.url: 'mysql' names no store that is known; use memory:, sqlite:PATH, redis://HOST:PORT/DB, unix:///PATH, redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DB or redis+cluster://HOST:PORT,HOST:PORT"
    ),
    .init(
      "circuit_breaker: {rules: [{failures: 3}]}",
      "easel.yaml:5: circuit_breaker.rules[0].for: is missing; every rule needs it"),
    .init(
      "circuit_breaker: {rules: [{for: images}]}",
      "easel.yaml:5: circuit_breaker.rules[0].for: 'images' is neither image, chat, nor one of these with a provider and maybe a model, such as image/openai/dall-e-3"
    ),
    .init(
      "circuit_breaker: {rules: [{for: image, failures: none}]}",
      "easel.yaml:5: circuit_breaker.rules[0].failures: 'none' is not a whole number"),
    .init(
      "health: {interval: 10ms}",
      "easel.yaml:5: health.interval: '10ms' is out of range: 1s to 1h is allowed"),
    .init(
      "health: {providers: []}",
      "easel.yaml:5: health.providers: is an empty list; leave the key out to allow all"),
    .init("aliases:\n  x:", "easel.yaml:6: aliases.x: is empty; a single value is needed"),
    .init(
      "image_tool:\n  enabled: yes",
      "easel.yaml:6: image_tool.enabled: 'yes' is not true or false"),
    .init(
      "image_tool:\n  enabled: \"true\"",
      "easel.yaml:6: image_tool.enabled: 'true' is not true or false: write it without quotes"),
    .init(
      "image_tool:\n  default_mode: on",
      "easel.yaml:6: image_tool.default_mode: 'on' is not one of auto, off, confirm"),
    .init(
      "image_tool:\n  max_iterations: 51",
      "easel.yaml:6: image_tool.max_iterations: 51 is out of range: 1 to 50 is allowed"),
    .init(
      "image_tool:\n  max_iterations: -1",
      "easel.yaml:6: image_tool.max_iterations: -1 is out of range: 1 to 50 is allowed"),
    .init(
      "image_tool:\n  default_quality: hd",
      "easel.yaml:6: image_tool.default_quality: 'hd' is not one of auto, ultra, high, standard, "
        + "fast"),
    .init(
      "image_tool:\n  keep_alive: 100ms",
      "easel.yaml:6: image_tool.keep_alive: '100ms' is out of range: 1s to 1m is allowed"),
    .init(
      "shutdown:\n  grace: -5s",
      "easel.yaml:6: shutdown.grace: '-5s' is not a duration: write a number with ms, s, m, h or "
        + "d, such as 10s"),
    .init(
      "log:\n  level: verbose",
      "easel.yaml:6: log.level: 'verbose' is not one of debug, info, warning, error"),
    .init("log:\n  prompts: 1", "easel.yaml:6: log.prompts: '1' is not true or false"),
  ]

  static let upstreams: [BrokenConfiguration] = [
    .init(
      "upstreams: []",
      "easel.yaml:1: upstreams: holds no upstream that can be used; at least one is needed"),
    .init(
      "upstreams: {name: a}",
      "easel.yaml:1: upstreams: is a mapping; a list is needed, each entry beginning with '- '",
      "easel.yaml:1: upstreams: holds no upstream that can be used; at least one is needed"),
    upstream(
      "- just-a-name",
      "easel.yaml:3: upstreams[1]: is a single value; a mapping of keys and values is needed"),
    upstream(
      "- {base_url: 'http://b'}",
      "easel.yaml:3: upstreams[1].name: is missing; every upstream needs it"
    ),
    upstream(
      "- {name: b}", "easel.yaml:3: upstreams[1].base_url: is missing; every upstream needs it"),
    upstream(
      "- {name: a, base_url: 'http://b'}",
      "easel.yaml:3: upstreams[1].name: 'a' is taken by the upstream in line 2"),
    upstream(
      "- {name: My GPU, base_url: 'http://b'}",
      "easel.yaml:3: upstreams[1].name: 'My GPU' is not a name: up to 64 lower-case letters, "
        + "digits, '-', '_', '.'"),
    upstream(
      "- {name: b, base_url: 'api.openai.com/v1'}",
      "easel.yaml:3: upstreams[1].base_url: must begin with https:// or http://"),
    upstream(
      "- {name: b, base_url: 'https://'}", "easel.yaml:3: upstreams[1].base_url: has no host"),
    upstream(
      "- {name: b, base_url: 'https://b:0/v1'}",
      "easel.yaml:3: upstreams[1].base_url: has a port that is not a number from 1 to 65535"),
    upstream(
      "- {name: b, base_url: 'https://b/v1/chat/completions/'}",
      "easel.yaml:3: upstreams[1].base_url: must end before /chat/completions, which Easel adds "
        + "itself"),
    upstream(
      "- {name: b, base_url: 'https://me:pw@b/v1'}",
      "easel.yaml:3: upstreams[1].base_url: must not hold a user name or password; keys go into "
        + "api_key_env"),
    upstream(
      "- {name: b, base_url: 'https://b/a b'}",
      "easel.yaml:3: upstreams[1].base_url: holds a space or a character that must be "
        + "percent-encoded"),
    upstream(
      "- {name: b, base_url: 'https://b', api_key: sk-1}",
      "easel.yaml:3: upstreams[1].api_key: unknown key; keys don't belong in the file: name the "
        + "key's environment variable in api_key_env"),
    upstream(
      "- {name: b, base_url: 'https://b', api_key_env: sk-proj-abc}",
      "easel.yaml:3: upstreams[1].api_key_env: must be the name of an environment variable "
        + "(letters, digits and '_'), not the key itself"),
    upstream(
      "- {name: b, base_url: 'https://b', api_key_env: KEY, forward_authorization: true}",
      "easel.yaml:3: upstreams[1].forward_authorization: cannot be true beside api_key_env: either "
        + "the client's key is sent, or Easel's"),
    upstream(
      "- {name: b, base_url: 'https://b', models: gpt-4o}",
      "easel.yaml:3: upstreams[1].models: 'gpt-4o' is neither \"*\" nor a list such as [gpt-4o]"),
    upstream(
      "- {name: b, base_url: 'https://b', models: []}",
      "easel.yaml:3: upstreams[1].models: is an empty list; leave the key out, or write \"*\", for "
        + "every model"),
    upstream(
      "- {name: b, base_url: 'https://b', models: [x, gpt-*]}",
      "easel.yaml:3: upstreams[1].models[1]: 'gpt-*' is not a model's name: only models: \"*\" "
        + "stands for every model"),
    upstream(
      "- {name: b, base_url: 'https://b', models: [x], models_without_tools: [y]}",
      "easel.yaml:3: upstreams[1].models_without_tools: names 'y', which is not among the "
        + "upstream's models"),
    upstream(
      "- {name: b, base_url: 'https://b', models_without_tools: y}",
      "easel.yaml:3: upstreams[1].models_without_tools: is a single value; a list such as [a, b] "
        + "is needed"),
    upstream(
      "- {name: b, base_url: 'https://b', timeouts: {connect: 10m}}",
      "easel.yaml:3: upstreams[1].timeouts.connect: '10m' is out of range: 10ms to 5m is allowed"),
    upstream(
      "- {name: b, base_url: 'https://b', timeouts: {total: 10m}}",
      "easel.yaml:3: upstreams[1].timeouts.total: unknown key; known here: connect, first_byte, "
        + "idle"),
    upstream(
      "- {name: b, base_url: 'https://b', headers: {Host: x}}",
      "easel.yaml:3: upstreams[1].headers.Host: is a header that Easel sets itself; a key goes "
        + "into api_key_env"),
    upstream(
      "- {name: b, base_url: 'https://b', headers: {'a b': x}}",
      "easel.yaml:3: upstreams[1].headers.a b: is not a header's name"),
    upstream(
      "- {name: b, base_url: 'https://b', headers: {x-key: \"a\\r\\nb: c\"}}",
      "easel.yaml:3: upstreams[1].headers.x-key: has a value with line breaks or control "
        + "characters, or over 8 KiB"),
    upstream(
      "- {name: b, base_url: 'https://b', headers: {x-key: '${sk-1}'}}",
      "easel.yaml:3: upstreams[1].headers.x-key: must be the name of an environment variable "
        + "(letters, digits and '_'), not the key itself"),
  ]

  /// A second upstream, in line 3.
  private static func upstream(_ entry: String, _ fault: String) -> BrokenConfiguration {
    BrokenConfiguration("upstreams:\n- {name: a, base_url: 'http://a'}\n\(entry)", fault)
  }

  static let providers: [BrokenConfiguration] = [
    provider(
      "{name: p, base_url: 'http://p'}",
      "easel.yaml:7: images.providers[0].models: is missing; every image provider needs it"),
    provider(
      "{name: p, base_url: 'http://p/images/generations', models: [{id: m}]}",
      "easel.yaml:7: images.providers[0].base_url: must end before /images/generations, which "
        + "Easel adds itself"),
    provider(
      "{name: p, base_url: 'http://p', models: [{tier: high}]}",
      "easel.yaml:7: images.providers[0].models[0].id: is missing; every image model needs it"),
    provider(
      "{name: p, base_url: 'http://p', models: [m]}",
      "easel.yaml:7: images.providers[0].models[0]: is a single value; a mapping of keys and "
        + "values is needed"),
    provider(
      "{name: p, base_url: 'http://p', models: [{id: m, tier: best}]}",
      "easel.yaml:7: images.providers[0].models[0].tier: 'best' is not one of ultra, high, "
        + "standard, fast"),
    provider(
      "{name: p, base_url: 'http://p', models: [{id: m, sizes: [1024]}]}",
      "easel.yaml:7: images.providers[0].models[0].sizes[0]: '1024' is not a size in pixels, such "
        + "as 1024x1024"),
    provider(
      "{name: p, base_url: 'http://p', models: [{id: m, dialect: dalle}]}",
      "easel.yaml:7: images.providers[0].models[0].dialect: 'dalle' is not one of auto, gpt-image, "
        + "dall-e-3, dall-e-2, xai, generic"),
    provider(
      "{name: p, base_url: 'http://p', models: [{id: m, price: free}]}",
      "easel.yaml:7: images.providers[0].models[0].price: 'free' is not a number"),
    provider(
      "{name: p, base_url: 'http://p', models: [{id: m, price: .nan}]}",
      "easel.yaml:7: images.providers[0].models[0].price: .nan is out of range: 0 to 1000 is "
        + "allowed"),
    provider(
      "{name: p, base_url: 'http://p', models: [{id: m, max_count: 11}]}",
      "easel.yaml:7: images.providers[0].models[0].max_count: 11 is out of range: 1 to 10 is "
        + "allowed"),
    provider(
      "{name: p, base_url: 'http://p', models: [{id: m}, {id: m}]}",
      "easel.yaml:7: images.providers[0].models: names the model 'm' twice"),
    .init(
      "images:\n  store: {expire_after: sometimes}",
      "easel.yaml:6: images.store.expire_after: 'sometimes' is neither 'never' nor a duration such "
        + "as 30d"),
    .init(
      "images:\n  store: {expire_after: 1s}",
      "easel.yaml:6: images.store.expire_after: '1s' is out of range: 1m to 3650d is allowed"),
    .init(
      "images:\n  store: {max_bytes: lots}",
      "easel.yaml:6: images.store.max_bytes: 'lots' is neither 'unlimited' nor a size such as "
        + "10GiB"),
    .init(
      "images:\n  store: {max_bytes: 1KiB}",
      "easel.yaml:6: images.store.max_bytes: '1KiB' is out of range: 1MiB to 1048576GiB is "
        + "allowed"),
    bucket(
      "endpoint: 'http://s'", "easel.yaml:6: images.store.s3.bucket: is missing; a bucket needs it"),
    bucket(
      "bucket: bbb", "easel.yaml:6: images.store.s3.endpoint: is missing; a bucket needs it"),
    bucket(
      "endpoint: s3.test, bucket: bbb",
      "easel.yaml:6: images.store.s3.endpoint: must begin with https:// or http://"),
    bucket(
      "endpoint: 'http://s/a%20b', bucket: bbb",
      "easel.yaml:6: images.store.s3.endpoint: has a path with characters other than letters, "
        + "digits, '-', '.', '_'"),
    bucket(
      "endpoint: 'http://s', bucket: My_Bucket",
      "easel.yaml:6: images.store.s3.bucket: 'My_Bucket' is not a bucket's name: 3 to 63 "
        + "lower-case letters, digits, '-', '.'"),
    bucket(
      "endpoint: 'http://s', bucket: bbb, region: 'eu/1'",
      "easel.yaml:6: images.store.s3.region: 'eu/1' is not a region, such as eu-central-1"),
    bucket(
      "endpoint: 'http://s', bucket: bbb, prefix: 'a/../b'",
      "easel.yaml:6: images.store.s3.prefix: 'a/../b' is not a folder such as easel/pictures: "
        + "letters, digits, '-', '.', '_' between single slashes"),
    bucket(
      "endpoint: 'http://s', bucket: bbb, addressing: host",
      "easel.yaml:6: images.store.s3.addressing: 'host' is not one of path, virtual"),
    bucket(
      "endpoint: 'http://127.0.0.1:9000', bucket: bbb, addressing: virtual",
      "easel.yaml:6: images.store.s3.addressing: cannot be virtual where the endpoint is an IP "
        + "address; use path"),
    bucket(
      "endpoint: 'https://s', bucket: b.b, addressing: virtual",
      "easel.yaml:6: images.store.s3.addressing: cannot be virtual for a bucket with dots, whose "
        + "name no certificate covers; use path"),
    bucket(
      "endpoint: 'http://s', bucket: bbb, url_expiry: 8d",
      "easel.yaml:6: images.store.s3.url_expiry: '8d' is out of range: 1s to 7d is allowed"),
    bucket(
      "endpoint: 'http://s', bucket: bbb, secret_key_env: 'wJal/x'",
      "easel.yaml:6: images.store.s3.secret_key_env: must be the name of an environment variable "
        + "(letters, digits and '_'), not the key itself"),
    .init(
      "images:\n  store: {path: ''}",
      "easel.yaml:6: images.store.path: must be the path of a folder"),
    .init(
      "images:\n  cache: x",
      "easel.yaml:6: images.cache: unknown key; known here: providers, profiles, default_profile, "
        + "store, allow_private_urls, concurrency, memory, queue"),
  ]

  /// A bucket, in line 6.
  private static func bucket(_ settings: String, _ fault: String) -> BrokenConfiguration {
    BrokenConfiguration("images:\n  store: {s3: {\(settings)}}", fault)
  }

  /// An image provider, in line 7.
  private static func provider(_ entry: String, _ fault: String) -> BrokenConfiguration {
    BrokenConfiguration("images:\n  providers:\n  - \(entry)", fault)
  }

  static let variables: [BrokenConfiguration] = [
    variable("EASEL_LISTEN", "x", "'x' has no port: write host:port, such as 127.0.0.1:8080"),
    variable("EASEL_THREADS", "-1", "'-1' is not 'auto' or a number from 1 to 256"),
    variable("EASEL_LOG_LEVEL", "INFO", "'INFO' is not one of debug, info, warning, error"),
    variable("EASEL_PUBLIC_URL", "e.com", "must begin with https:// or http://"),
    variable(
      "EASEL_IMAGE_MODEL", "a b",
      "'a b' is not a model's name: 1 to 256 characters without spaces are needed"),
    variable("MAX_TOOL_ITERATIONS", "0", "0 is out of range: 1 to 50 is allowed"),
    variable("MAX_TOOL_ITERATIONS", "five", "'five' is not a whole number"),
    variable(
      "OPENAI_BASE_URL", "https://u:secret@h/v1",
      "must not hold a user name or password; keys go into api_key_env"),
    variable(
      "HTTPS_PROXY", "socks5://p:1080",
      "must begin with http://: only plain HTTP proxies are supported"),
    variable("https_proxy", "http://u:secret@/", "has no host; write http://host:port"),
    variable(
      "HTTPS_PROXY", "http://u:secret%2@p",
      "has a user name or password with a broken %XX escape"),
    variable("HTTPS_PROXY", "http://p:3128/path", "must not have a path; write http://host:port"),
  ]

  private static func variable(
    _ name: String, _ value: String, _ fault: String
  ) -> BrokenConfiguration {
    BrokenConfiguration("", "\(name): \(fault)", environment: [name: value])
  }
}
