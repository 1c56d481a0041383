internal import OpenAIWire

/// Chunks without choices that tell a client that asked for them how its pictures get on.
enum ProgressEvent {
  static func start(_ job: PictureJob, _ identity: StreamIdentity) -> [UInt8] {
    event("tool_call_start", job, identity) { writer in
      writer.member("prompt", job.order?.prompt)
      writer.member("count", job.order?.count)
      write(job.forecast, to: &writer)
    }
  }

  /// Tells that a picture is still being made.
  static func progress(_ job: PictureJob, _ identity: StreamIdentity) -> [UInt8] {
    event("tool_call_progress", job, identity) { writer in
      writer.member("status", "drawing")
      write(job.forecast, to: &writer)
    }
  }

  private static func write(_ forecast: PictureForecast?, to writer: inout JSONWriter) {
    guard let forecast else { return }
    writer.member("provider", forecast.provider)
    writer.member("model", forecast.model)
    writer.member("cost_usd", forecast.cost)
  }

  static func result(
    _ result: PictureResult, _ job: PictureJob, _ identity: StreamIdentity
  ) -> [UInt8] {
    switch result {
    case .failed(let reason, let isRefusal):
      event("tool_error", job, identity) { writer in
        writer.member("reason", reason)
        writer.member("refused", isRefusal)
        write(job.forecast, to: &writer)
      }
    case .proposed(let proposal):
      event("tool_call_result", job, identity) { writer in
        writer.member("status", "pending")
        writer.member("proposal", proposal.id)
        write(job.forecast, to: &writer)
      }
    case .made(let set):
      event("tool_call_result", job, identity) { writer in
        writer.member("provider", set.provider)
        writer.member("model", set.model)
        writer.member("cost_usd", dollars: set.cost)
        set.writeFallback(to: &writer)
        writer.member("images", raw: PictureText.images(set.pictures, from: 0))
      }
    }
  }

  private static func event(
    _ type: String, _ job: PictureJob, _ identity: StreamIdentity,
    _ members: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    let easel = JSONWriter.object { writer in
      writer.member("type", type)
      writer.member("tool_call_id", job.call.id)
      writer.member("name", job.call.name)
      writer.member("elapsed_ms", job.elapsedMilliseconds)
      members(&writer)
    }
    return identity.chunk(delta: nil, members: [("easel", easel)])
  }
}
