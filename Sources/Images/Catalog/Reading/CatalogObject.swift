internal import Observability
internal import OpenAIWire

/// An object of a catalog. Unknown and repeated keys are faults; `$comment` may stand everywhere.
struct CatalogObject {
  let node: CatalogNode
  private var members: [String: CatalogNode] = [:]

  /// An object with known keys.
  /// - Parameter keys: those that are read.
  init?(_ node: CatalogNode, keys: [String]) {
    guard let entries = Self.entries(of: node, "the key") else { return nil }
    self.node = node
    for (key, offset, value) in entries {
      if key == "$comment" {
        _ = value.text(upTo: 4096)
      } else if keys.contains(key) {
        members[key] = value
      } else {
        node.reading.fault(
          value.path, at: offset,
          "the key is unknown; \(keys.joined(separator: ", ")) are allowed"
            + CatalogNode.hint(key, keys))
      }
    }
  }

  subscript(key: String) -> CatalogNode? { members[key] }

  /// A member that must be there.
  func required(_ key: String, _ allowed: String) -> CatalogNode? {
    if let node = members[key] { return node }
    node.fault("the key '\(key)' is missing; \(allowed)")
    return nil
  }

  /// The members of an object with names of the operator's choice, without its `$comment`.
  /// - Parameter what: what a name stands for, such as `the model`.
  static func named(
    _ node: CatalogNode, _ what: String, orEmpty: Bool = false
  ) -> [(name: String, node: CatalogNode)]? {
    guard let entries = entries(of: node, what) else { return nil }
    for entry in entries where entry.name == "$comment" { _ = entry.node.text(upTo: 4096) }
    let named = entries.filter { $0.name != "$comment" }.map { ($0.name, $0.node) }
    if named.isEmpty && !orEmpty {
      node.fault("is empty; at least one \(what.dropFirst(4)) is needed")
    }
    return named
  }

  /// Members in their order; of those with one name the first.
  private static func entries(
    of node: CatalogNode, _ what: String
  ) -> [(name: String, offset: Int, node: CatalogNode)]? {
    guard node.value.kind == .object else {
      node.fault("\(node.shown) is no object; an object {…} is allowed")
      return nil
    }
    var lines: [String: Int] = [:]
    var found: [(String, Int, CatalogNode)] = []
    for member in node.value.entries {
      let key = member.name(in: node.value.bytes)
      let path = CatalogNode.path(node.path, key)
      if let first = lines[key] {
        node.reading.fault(
          path, at: member.key.lowerBound,
          "\(what) \(Quoted(key)) is given twice, first in line \(first); once is allowed")
        continue
      }
      lines[key] = node.reading.line(of: member.key.lowerBound)
      found.append(
        (
          key, member.key.lowerBound,
          CatalogNode(
            reading: node.reading, value: JSONSlice(member, in: node.value.bytes), path: path)
        ))
    }
    return found
  }
}
