/// The tables themselves. A default in round brackets is a remark, not a value.
extension ConfigurationReference {
  /// The variables that Easel reads; those that `api_key_env` names come on top.
  package static let variables: [Variable] = [
    Variable(
      name: "OPENAI_API_KEY", standard: "(none)",
      meaning: "Key of the OpenAI API, or of the server that `OPENAI_BASE_URL` names"),
    Variable(
      name: "OPENAI_BASE_URL", standard: "https://api.openai.com/v1",
      meaning: "An OpenAI-compatible server that gets every model, unless a file lists `upstreams`"),
    Variable(
      name: "EASEL_CATALOG", standard: "(`PROVIDER_CATALOG.json`, where it is there)",
      meaning: "Path of the provider catalog; `--catalog` beats it"),
    Variable(
      name: "EASEL_IMAGE_MODEL", standard: "(the catalog's choice)",
      meaning: "Image model at the same base URL, asked before the catalog's, unless a file lists "
        + "`images.providers`; `none` turns pictures off"),
    Variable(name: "EASEL_LISTEN", standard: "127.0.0.1:8080", meaning: "Beats `listen`"),
    Variable(name: "EASEL_THREADS", standard: "auto", meaning: "Beats `threads`"),
    Variable(
      name: "EASEL_PUBLIC_URL", standard: "(from the request's Host)", meaning: "Beats `public_url`"
    ),
    Variable(name: "EASEL_LOG_LEVEL", standard: "info", meaning: "Beats `log.level`"),
    Variable(
      name: "EASEL_STATE", standard: "(`REDIS_URL`)", meaning: "Beats `state.url`"),
    Variable(
      name: "REDIS_URL", standard: "(none)",
      meaning: "Beats `state.url`, unless `EASEL_STATE` is set"),
    Variable(
      name: "EASEL_ADMIN_KEY", standard: "(none)",
      meaning: "Key of the operators, who send it as a bearer token to `/admin/…`"),
    Variable(
      name: "CIRCUIT_BREAKER_ENABLED", standard: "true", meaning: "Beats `circuit_breaker.enabled`"),
    Variable(
      name: "CIRCUIT_BREAKER_FAILURE_THRESHOLD", standard: "(5)",
      meaning: "Failures that open a breaker: within the window for pictures, in a row for chats; "
        + "beats the rules of the file"),
    Variable(
      name: "CIRCUIT_BREAKER_TIMEOUT_MS", standard: "(600000 for pictures, 5000 for chats)",
      meaning: "How long a breaker is open the first time, in milliseconds; beats the rules of the "
        + "file"),
    Variable(
      name: "MAX_TOOL_ITERATIONS", standard: "5", meaning: "Beats `image_tool.max_iterations`"),
    Variable(
      name: "HTTPS_PROXY", standard: "(none)",
      meaning: "HTTP proxy for https servers, `http://user:password@host:port`; "
        + "`https_proxy` beats it"),
    Variable(
      name: "NO_PROXY", standard: "(none)",
      meaning: "Hosts, domains, addresses and IPv4 networks to reach without the proxy, "
        + "separated by commas; `no_proxy` beats it"),
  ]

  /// The keys of the file, in the sample file's order.
  package static let keys: [Key] = [
    Key("listen", "127.0.0.1:8080", "Where to listen: `host:port`, `[::1]:port`; port 0 is any"),
    Key("threads", "auto", "Event loops: `auto` is one for each core, or 1 to 256"),
    Key("public_url", "(from the request's Host)", "Base URL of the links to pictures"),
    Key("tls.certificate", "(none)", "PEM file of the certificate chain, to serve HTTPS"),
    Key("tls.key", "(none)", "PEM file of the certificate's private key"),
    Key("limits.body", "64MiB", "Longest request body, 1KiB to 1GiB"),
    Key("limits.image", "32MiB", "Largest picture, 1KiB to 1GiB"),
    Key("limits.header_timeout", "10s", "Longest time for a request's head, 100ms to 1h"),
    Key("limits.body_timeout", "30s", "Longest pause within a request's body, 100ms to 1h"),
    Key("limits.write_timeout", "60s", "Longest time a client may take no byte, 100ms to 1h"),
    Key("limits.idle_timeout", "75s", "How long an unused connection is kept, 100ms to 1h"),
    Key("limits.connections", "10000", "Client connections at one time, 1 to 1000000"),
    Key("upstreams[].name", "(required)", "Name in aliases, logs and headers"),
    Key("upstreams[].base_url", "(required)", "URL before `/chat/completions`"),
    Key("upstreams[].api_key_env", "(no key)", "Environment variable that holds the key"),
    Key("upstreams[].forward_authorization", "false", "Sends the client's own `Authorization` on"),
    Key("upstreams[].models", "\"*\"", "The models it has: a list of names, or `\"*\"` for any"),
    Key("upstreams[].tools", "true", "Whether its models can call tools"),
    Key("upstreams[].models_without_tools", "[]", "Models of it that cannot call tools"),
    Key("upstreams[].timeouts.connect", "5s", "Name lookup, TCP and TLS, 10ms to 5m"),
    Key("upstreams[].timeouts.first_byte", "300s", "Until the answer begins, 10ms to 1h"),
    Key("upstreams[].timeouts.idle", "120s", "Longest pause within the answer, 10ms to 1h"),
    Key(
      "upstreams[].concurrency", "unlimited",
      "`unlimited`, or how many requests may be under way there, 1 to 100000"),
    Key("upstreams[].queue", "100", "Requests that may wait for their turn, 0 to 100000"),
    Key("upstreams[].queue_timeout", "10s", "How long one may wait for its turn, up to 5m"),
    Key(
      "upstreams[].headers.*", "(none)",
      "Headers to add; a value `${NAME}` is taken from the environment"),
    Key("upstreams[].ca_file", "(the system's)", "PEM file of authorities to trust"),
    Key(
      "aliases.*", "(none)",
      "Another name for `model` or `upstream/model`, or for a list of them, asked in order"),
    Key("aliases.*[].to", "(required)", "The same, in a list with weights"),
    Key(
      "aliases.*[].weight", "(the order decides)",
      "Share of the requests that ask it first, 0 to 1000000"),
    Key("retries.attempts", "3", "Attempts for a request, over all upstreams together, 1 to 10"),
    Key("retries.budget", "20%", "Share of an upstream's requests that may be repeated at it"),
    Key(
      "retries.floor", "3",
      "Repetitions a second at an upstream that need no budget, 0 to 1000"),
    Key("retries.max_wait", "5s", "Longest wait before a repetition, up to 2m"),
    Key(
      "retries.deadline", "10m",
      "From the request, or the beginning of a tool loop's round, to the last moment at which an "
        + "answer may begin, 1s to 1h"),
    Key("image_tool.enabled", "true", "Whether the `generate_image` tool exists"),
    Key(
      "image_tool.default_mode", "auto", "For requests that do not say: `auto`, `off` or `confirm`"),
    Key(
      "image_tool.max_iterations", "5",
      "Calls of the chat model for one answer, 1 to 50; the last is without the tool"),
    Key("image_tool.max_images_per_request", "4", "Pictures in one answer, 1 to 100"),
    Key("image_tool.keep_alive", "10s", "Longest silence while a picture is made, 1s to 60s"),
    Key("image_tool.argument_bytes", "64KiB", "Longest arguments of a tool call, 1KiB to 1MiB"),
    Key(
      "image_tool.default_quality", "auto",
      "For calls that ask for none: `auto`, `ultra`, `high`, `standard` or `fast`"),
    Key("images.providers[].name", "(required)", "Name in logs and headers"),
    Key("images.providers[].base_url", "(required)", "URL before `/images/generations`"),
    Key("images.providers[].api_key_env", "(no key)", "Environment variable that holds the key"),
    Key("images.providers[].timeout", "300s", "Longest time for one request, 1s to 1h"),
    Key("images.providers[].models[].id", "(required)", "The model's name at the provider"),
    Key(
      "images.providers[].models[].tier", "high", "`ultra`, `high`, `standard` or `fast`"),
    Key(
      "images.providers[].models[].sizes", "(by dialect)",
      "Sizes that it makes, such as `[1024x1024]`"),
    Key(
      "images.providers[].models[].dialect", "auto",
      "Parameters it takes: `auto` (by its id), `gpt-image`, `dall-e-3`, `dall-e-2`, `xai`, "
        + "`generic`"),
    Key("images.providers[].models[].price", "(unknown)", "US dollars for one picture"),
    Key("images.providers[].models[].priority", "1", "Lower is tried first, 0 to 1000"),
    Key("images.providers[].models[].max_count", "1", "Pictures in one request, 1 to 10"),
    Key(
      "images.profiles.*.model", "auto",
      "A catalog model, `provider/model`, a tier, or `auto`; the name is what clients ask for, 1 to 64 "
        + "of `a-z`, `0-9`, `_`, `-`"),
    Key(
      "images.profiles.*.providers", "(all)",
      "The only providers that may be asked, such as `[openai]`"),
    Key(
      "images.profiles.*.quality", "(the model's)",
      "`auto`, `ultra`, `high`, `standard`, `fast`, `hd`, `medium` or `low`, for requests that ask "
        + "for none"),
    Key(
      "images.profiles.*.size", "(the first of `sizes`)",
      "Size for requests that ask for none, such as `1024x1024`"),
    Key(
      "images.profiles.*.style", "(the first of `styles`)", "Style for requests that ask for none"),
    Key(
      "images.profiles.*.background", "(the model's)",
      "`transparent`, `opaque` or `auto`, for requests that ask for none"),
    Key(
      "images.profiles.*.output_format", "(the model's)",
      "`png`, `jpeg` or `webp`, for requests that ask for none"),
    Key(
      "images.profiles.*.negative_prompt", "(none)",
      "What must not be in the picture, for requests that do not say, up to 4000 characters"),
    Key("images.profiles.*.max_count", "10", "Pictures in one request, 1 to 10"),
    Key(
      "images.profiles.*.sizes", "(all)",
      "The only sizes that pictures may have; models that make none like that are not asked"),
    Key("images.profiles.*.styles", "(all)", "The only styles that may be asked for"),
    Key(
      "images.profiles.*.max_cost", "(no bound)",
      "US dollars for one picture, 0 to 1000; dearer models, and those without a known price, are "
        + "not asked"),
    Key(
      "images.profiles.*.on_refusal", "final",
      "After a provider has refused the prompt itself: `final`, or `next` to ask the next model"),
    Key(
      "images.default_profile", "(none)",
      "The profile of requests that name neither one nor a model"),
    Key("images.store.path", "data/images", "Folder that keeps the pictures"),
    Key("images.store.expire_after", "never", "`never`, or how long a picture is kept, from 1m"),
    Key(
      "images.store.max_bytes", "unlimited",
      "`unlimited`, or how much is kept, from 1MiB: the oldest pictures go first"),
    Key(
      "images.store.s3.endpoint", "(required)",
      "URL of an S3 service that keeps the pictures instead, without the bucket"),
    Key("images.store.s3.region", "us-east-1", "Region that requests are signed for"),
    Key("images.store.s3.bucket", "(required)", "Name of the bucket, which must exist"),
    Key("images.store.s3.prefix", "(none)", "Folder within the bucket"),
    Key(
      "images.store.s3.addressing", "path",
      "`path` (`https://endpoint/bucket/…`) or `virtual` (`https://bucket.endpoint/…`)"),
    Key(
      "images.store.s3.access_key_env", "AWS_ACCESS_KEY_ID",
      "Environment variable that holds the access key's id"),
    Key(
      "images.store.s3.secret_key_env", "AWS_SECRET_ACCESS_KEY",
      "Environment variable that holds the secret key"),
    Key(
      "images.store.s3.session_token_env", "(`AWS_SESSION_TOKEN` beside `AWS_ACCESS_KEY_ID`)",
      "Environment variable that holds the session token of a temporary key"),
    Key(
      "images.store.s3.urls", "gateway",
      "Whose picture URLs clients get: `gateway`, or `presigned`, the bucket's own"),
    Key(
      "images.store.s3.url_expiry", "7d",
      "How long the bucket's own URLs are valid, 1s to 7d"),
    Key(
      "images.allow_private_urls", "false",
      "Whether a provider's picture URL may point into a private network"),
    Key(
      "images.concurrency", "16",
      "Requests drawn at one time, 1 to 1000"),
    Key(
      "images.memory", "2GiB",
      "What pictures may take in memory, 16MiB to 1TiB: each request is reckoned with three times "
        + "`limits.image` for each of its pictures, until its answer is sent"),
    Key("images.queue", "256", "Requests that may wait for their turn, 0 to 100000"),
    Key(
      "state.url", "sqlite:data/easel.db",
      "Where breakers and other state are kept: see [State](#state)"),
    Key(
      "state.start_timeout", "1s",
      "How long the start, and an operator's command, wait for a store that does not answer, "
        + "up to 1m"),
    Key(
      "state.trial_timeout", "10ms",
      "Longest time a request waits for the store: for its word on a trial, or for what "
        + "another gateway remembers: turns, proposals, pictures that are paid for; up to 1s. All "
        + "answers that one request waits for may take twice as long together, and after one that came "
        + "too late it waits for no further one"),
    Key("circuit_breaker.enabled", "true", "Whether providers that fail are left alone"),
    Key(
      "circuit_breaker.last_resort", "true",
      "Whether the one nearest to its trial is asked, by one request at a time, where everyone is kept "
        + "from it"),
    Key(
      "circuit_breaker.rules[].for", "(required)",
      "`image` or `chat`, and maybe a provider and a model: `image/openai/dall-e-3`"),
    Key(
      "circuit_breaker.rules[].failures", "(5; `off` for chats)",
      "Failures within the window that open, of all gateways together, or `off`"),
    Key(
      "circuit_breaker.rules[].consecutive_failures", "(`off`; 5 for chats)",
      "Failures in a row, of all gateways, that open, or `off`"),
    Key(
      "circuit_breaker.rules[].window", "(10m; 10s for chats)",
      "How far back calls are counted, 1s to 1d"),
    Key(
      "circuit_breaker.rules[].failure_rate", "(`off`; 50% for chats)",
      "Share of failed calls that opens, or `off`"),
    Key(
      "circuit_breaker.rules[].minimum_calls", "(20)", "Calls below which a share says nothing"),
    Key(
      "circuit_breaker.rules[].slow_call", "(`off`)",
      "A call is slow whose picture, or first content, takes longer to come, or `off`"),
    Key("circuit_breaker.rules[].slow_rate", "(50%)", "Share of slow calls that opens"),
    Key(
      "circuit_breaker.rules[].open", "(10m; 5s for chats)",
      "How long a breaker is open the first time, 100ms to 1d"),
    Key(
      "circuit_breaker.rules[].open_cap", "(1h; 1m for chats)",
      "How long a breaker is open at most, 100ms to 1d"),
    Key(
      "circuit_breaker.rules[].growth", "(2)",
      "Factor on the open time for each time in a row, 1 to 10"),
    Key(
      "circuit_breaker.rules[].jitter", "(20%)", "Spread of the open time to both sides, up to 50%"),
    Key(
      "circuit_breaker.rules[].trial_lease", "(the time limit of one call)",
      "How long a trial may run before another gateway may make one, 100ms to 1h"),
    Key(
      "circuit_breaker.rules[].cool_down", "(5s)",
      "Time for which others are asked first after a 429 that says none, up to 1d"),
    Key(
      "circuit_breaker.rules[].cool_down_cap", "(1h; 1m for chats)",
      "Longest `retry-after` that is believed, up to 1d"),
    Key(
      "circuit_breaker.rules[].bad_key", "(15m)", "Pause after a rejected key, up to 1d"),
    Key(
      "circuit_breaker.rules[].no_credit", "(30m)",
      "Pause after an account was out of credit, up to 1d"),
    Key(
      "health.cache", "5m",
      "How long it is believed who may be asked, if nothing changes meanwhile, up to 1h"),
    Key(
      "health.checks", "false",
      "Whether providers are asked by their cheapest endpoint whether they are there"),
    Key(
      "health.providers", "(all)",
      "Names of the upstreams and image providers that `checks` asks"),
    Key("health.interval", "30s", "Usual time between two checks of a provider, 1s to 1h"),
    Key("health.timeout", "5s", "How long a check may take, 100ms to 1m"),
    Key(
      "health.rise", "2",
      "Good checks in a row that close a breaker which checks have opened, or bring its trial "
        + "forward, 1 to 100"),
    Key("health.fall", "3", "Failed checks in a row that open a breaker, 1 to 100"),
    Key(
      "admin.key_env", "EASEL_ADMIN_KEY", "Environment variable that holds the operators' key"),
    Key("metrics.enabled", "true", "Whether `/metrics` answers, and anything is counted for it"),
    Key("shutdown.grace", "120s", "How long requests in progress may take to end, up to 1h"),
    Key("shutdown.readiness_delay", "0s", "How long to go on while already not ready, up to 10m"),
    Key("log.level", "info", "`debug`, `info`, `warning` or `error`"),
    Key("log.prompts", "false", "Whether prompts may appear in debug lines"),
  ]
}

extension ConfigurationReference.Key {
  fileprivate init(_ path: String, _ standard: String, _ meaning: String) {
    self.init(path: path, standard: standard, meaning: meaning)
  }
}
