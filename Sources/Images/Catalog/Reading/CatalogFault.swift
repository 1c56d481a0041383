/// One thing that is wrong with a provider catalog: where, and what is allowed there.
package struct CatalogFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The place, such as `image.providers.openai.models.dall-e-3.qualityTier`; names with other
  /// characters than letters, digits, `-` and `_` stand in brackets: `models["gpt-image-1.5"]`.
  /// Empty for the text as a whole.
  package let path: String
  /// Counted from 1.
  package let line: Int
  /// What is wrong and what is allowed. Never holds a key.
  package let message: String

  /// `12: image.providers.openai.baseUrl: …`.
  package var description: String {
    path.isEmpty ? "\(line): \(message)" : "\(line): \(path): \(message)"
  }
}

/// All that is wrong with a provider catalog, in the order of its lines.
package struct CatalogError: Error, Sendable, Hashable, CustomStringConvertible {
  /// At least one.
  package let faults: [CatalogFault]

  /// One line for each fault.
  package var description: String { faults.map(\.description).joined(separator: "\n") }
}
