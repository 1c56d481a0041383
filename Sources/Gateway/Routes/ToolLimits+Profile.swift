internal import Images
internal import ToolLoop

extension ToolLimits {
  /// The usual limits, narrowed by a profile's, whose sizes and styles take the place of the usual
  /// ones.
  init(_ profile: ImageProfile?) {
    self = .usual
    guard let profile else { return }
    if !profile.sizes.isEmpty { sizes = profile.sizes.map(\.description) }
    if !profile.styles.isEmpty { styles = profile.styles }
    maxCount = min(maxCount, profile.maxCount)
  }
}
