extension Double {
  /// Dollars to a hundredth of a cent, as totals are shown; a half is rounded up, since an estimate
  /// errs upwards: $0.00035 is $0.0004. For totals only, once, where they are told: the price of one
  /// picture is often no whole number of hundredths, and ten of them are then as far off as ten
  /// roundings.
  package var roundedToCentHundredths: Double {
    (withoutNoise * 10_000).withoutNoise.rounded() / 10_000
  }

  /// To a billionth, past which there is nothing but what binary fractions add to decimal ones:
  /// a limit of $0.30 is not passed by 3 x $0.10.
  package var withoutNoise: Double { (self * 1e9).rounded() / 1e9 }
}

extension JSONWriter {
  /// Writes a total in US dollars, to a hundredth of a cent; nothing where it is not known.
  package mutating func member(_ key: String, dollars: Double?) {
    member(key, dollars?.roundedToCentHundredths)
  }

  /// Writes a total in US dollars, to a hundredth of a cent; null where it is not known, which is
  /// not the same as nothing to pay.
  package mutating func member(_ key: String, dollarsOrNull dollars: Double?) {
    self.key(key)
    if let dollars { value(dollars.roundedToCentHundredths) } else { null() }
  }
}
