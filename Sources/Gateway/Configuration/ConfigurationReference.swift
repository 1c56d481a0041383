/// Every key of the file and every environment variable, for the documentation. A test holds the
/// table against the code that reads them, and against the commented sample file.
package enum ConfigurationReference {
  /// A key of the file.
  package struct Key: Sendable, Hashable {
    /// The path, with `[]` for each entry of a list and `*` for a name of the operator's choice.
    package let path: String
    /// The default as it would be written, or a word such as `required` in brackets.
    package let standard: String
    /// What it does, in one sentence without its end.
    package let meaning: String
  }

  /// An environment variable.
  package struct Variable: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// The default, or what the default depends on.
    package let standard: String
    /// What it does, in one sentence without its end.
    package let meaning: String
  }

  /// Both tables as Markdown.
  package static func markdown() -> String {
    var lines = ["| environment variable | default | meaning |", "| --- | --- | --- |"]
    for variable in variables {
      lines.append("| `\(variable.name)` | \(cell(variable.standard)) | \(variable.meaning) |")
    }
    lines += ["", "| key in the file | default | meaning |", "| --- | --- | --- |"]
    for key in keys {
      lines.append("| `\(key.path)` | \(cell(key.standard)) | \(key.meaning) |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A default is code, unless it is a remark in brackets.
  private static func cell(_ standard: String) -> String {
    standard.hasPrefix("(") ? String(standard.dropFirst().dropLast()) : "`\(standard)`"
  }
}
