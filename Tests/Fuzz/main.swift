// `fuzz [--iterations N] [--seed S] [--target http|json|sse|all]`: feeds random and mutated inputs
// to the parsers and compares each with a reference, or with itself under another split.

struct FuzzTarget {
  let name: String
  let seeds: [[UInt8]]
  let run: ([UInt8]) throws -> Void
}

let targets = [
  FuzzTarget(name: "http", seeds: httpSeeds, run: fuzzHTTP),
  FuzzTarget(name: "json", seeds: jsonSeeds, run: fuzzJSON),
  FuzzTarget(name: "sse", seeds: sseSeeds, run: fuzzSSE),
]

func option(_ name: String, _ standard: String) -> String {
  let arguments = CommandLine.arguments
  guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
    return standard
  }
  return arguments[index + 1]
}

let iterations = Int(option("--iterations", "100000")) ?? 100_000
let seed = UInt64(option("--seed", "1")) ?? 1
let wanted = option("--target", "all")
var mutator = Mutator(seed: seed)
var inputs = 0
var disagreements = 0
for target in targets where wanted == "all" || wanted == target.name {
  for _ in 0..<iterations {
    let input = mutator.input(from: target.seeds)
    inputs += 1
    do {
      try target.run(input)
    } catch {
      disagreements += 1
      print("\(target.name): \(error)\n  input: \(input)")
    }
  }
}
print("\(inputs) inputs, \(disagreements) disagreements")
if disagreements > 0 { exitWithFailure() }
