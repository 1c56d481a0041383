package import HTTP

extension UpstreamCall {
  /// Says who has answered, after how many attempts, and who was passed over.
  package func describe(in fields: inout HeaderFields) {
    fields.append("x-easel-provider", current.upstream.name, orDrop: ())
    if !current.model.isEmpty { fields.append("x-easel-model", current.model, orDrop: ()) }
    if attempts > 1 { fields.append("x-easel-attempts", "\(attempts)", orDrop: ()) }
    guard !passedOver.isEmpty else { return }
    let list = passedOver.map { "\($0.name);reason=\($0.reason)" }.joined(separator: ", ")
    fields.append("x-easel-fallback", list, orDrop: ())
  }
}
