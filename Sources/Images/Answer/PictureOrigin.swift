/// By whom one picture was drawn, and for how much: the pictures of one request can be of several
/// models.
package struct PictureOrigin: Sendable, Hashable {
  package var provider: String
  package var model: String
  /// US dollars, not rounded: its part of what its call has cost; nil where that is not known.
  package var cost: Double?

  package init(_ model: ImageModel, cost: Double?) {
    provider = model.provider
    self.model = model.id
    self.cost = cost
  }
}
