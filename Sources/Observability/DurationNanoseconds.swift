extension Duration {
  /// Whole nanoseconds, rounded towards zero; beyond the bounds of a number, the bound.
  var nanoseconds: Int {
    // Of 10^9 the nine powers of two are shifted out: for all but some hours nothing is left that takes
    // a division of 128 bits, which every request would feel.
    let halved = attoseconds >> 9
    if halved >= 0, halved <= Int128(Int.max) { return Int(truncatingIfNeeded: halved) / 1_953_125 }
    return Int(clamping: attoseconds / 1_000_000_000)
  }
}
