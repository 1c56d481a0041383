import OpenAIWire

/// Two readers of the same bytes that do not agree.
struct WireDisagreement: Error, CustomStringConvertible {
  var description: String
}

private func agree(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw WireDisagreement(description: what()) }
}

/// Texts from which a fuzzer starts on `fuzzJSON`.
let jsonSeeds: [[UInt8]] = [
  #"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"n":1}"#,
  #"{"mod\u0065l":"a\ud83d\ude00\u0000\/","tools":[],"x":{},"y":[[],{}],"z":null}"#,
  #" [ 0 , -0.0e+10 , 1E-2 , true , false , null , "\"\\\b\f\n\r\t" ] "#,
  #"["\ud800","\udc00\ud800","\ud800\ud800\udc00","é€😀"]"#,
  #"{"a":{"b":[{"c":"d"},1.5e300]},"a":2}"#,
  #""""#, "0", "-1", "[]", "{}",
].map { Array($0.utf8) }

/// Streams from which a fuzzer starts on `fuzzSSE`.
let sseSeeds: [[UInt8]] = [
  "data: {\"x\":1}\n\ndata: [DONE]\n\n",
  "\u{FEFF}event: a\r\nid: 1\r\ndata: x\r\ndata: y\r\n\r\n: comment\r\n\r\nretry: 50\r\n\r\n",
  "data: a\r\rdata\r:c\r\r\r\n\ndata:  b\n\r\nid\ndata:\n\n",
  "event: ping\n\nid: a\0b\ndata: z\n\nretry: 1x\n\ndata: unfinished\n",
].map { Array($0.utf8) }

/// Reads `input` with the scanner, the slices and the reference; throws where they disagree.
func fuzzJSON(_ input: [UInt8]) throws {
  let expected = ReferenceJSON.read(input)
  var isValid = true
  do { try JSONScanner.validate(input) } catch { isValid = false }
  try agree(isValid == (expected != nil), "validate says \(isValid)")

  let members = try? JSONScanner.scanObject(input)
  guard let expected else {
    return try agree(members == nil, "scanObject accepts what is no JSON")
  }
  let slice = try JSONSlice.parse(input)
  if case .object(let reference) = expected {
    try agree(members == Array(slice.entries), "scanned members are not the walked ones")
    let keys = (members ?? []).map { Array($0.name(in: input).utf8) }
    try agree(keys == reference.map(\.key), "scanned keys differ")
  } else {
    try agree(members == nil, "scanObject accepts what is no object")
  }
  try agree(tree(slice) == expected, "the walked tree differs")

  var writer = JSONWriter()
  write(expected, to: &writer)
  try agree(ReferenceJSON.read(writer.bytes) == expected, "what was written reads differently")
}

private func tree(_ slice: JSONSlice) -> ReferenceJSON {
  switch slice.kind {
  case .object:
    .object(slice.members.map { .init(key: Array($0.key.utf8), value: tree($0.value)) })
  case .array: .array(slice.elements.map(tree))
  case .string: .string(Array((slice.string ?? "").utf8))
  case .number: .number(Array(slice.raw))
  case .true: .bool(true)
  case .false: .bool(false)
  case .null: .null
  }
}

private func write(_ value: ReferenceJSON, to writer: inout JSONWriter) {
  switch value {
  case .object(let members):
    writer.beginObject()
    for member in members {
      writer.key(String(decoding: member.key, as: UTF8.self))
      write(member.value, to: &writer)
    }
    writer.endObject()
  case .array(let elements):
    writer.beginArray()
    for element in elements { write(element, to: &writer) }
    writer.endArray()
  case .string(let text): writer.value(String(decoding: text, as: UTF8.self))
  case .number(let digits): writer.value(raw: digits)
  case .bool(let flag): writer.value(flag)
  case .null: writer.null()
  }
}

/// Reads `input` as a stream, whole and in pieces, with the parser, the framer and the reference;
/// throws where they disagree.
func fuzzSSE(_ input: [UInt8]) throws {
  let expected = ReferenceSSE(input)
  for size in [max(1, input.count), 1, 2, 3, 7] {
    let chunks = stride(from: 0, to: input.count, by: size).map {
      Array(input[$0..<min($0 + size, input.count)])
    }
    try checkParser(chunks, expected, "pieces of \(size)")
    try checkFramer(chunks, input, expected, "pieces of \(size)")
    try checkBatches(chunks, input, expected, "pieces of \(size)")
  }
}

private func checkParser(_ chunks: [[UInt8]], _ expected: ReferenceSSE, _ how: String) throws {
  var parser = SSEParser()
  var events: [ReferenceSSE.Event] = []
  for chunk in chunks {
    parser.push(chunk.span)
    while let event = try parser.next() {
      events.append(
        .init(event: event.event, data: event.data, lastEventId: event.lastEventId))
    }
  }
  try agree(events == expected.events, "the parser's events differ, in \(how)")
  let retry = expected.retry.map { Duration.milliseconds($0) }
  try agree(parser.retry == retry, "the parser's retry differs, in \(how)")
}

private func checkFramer(
  _ chunks: [[UInt8]], _ input: [UInt8], _ expected: ReferenceSSE, _ how: String
) throws {
  var framer = SSEFramer()
  var data: [[UInt8]] = []
  var raw: [UInt8] = []
  for chunk in chunks {
    framer.push(chunk)
    while let frame = try framer.nextFrame() {
      raw += frame.raw
      if let joined = frame.data { data.append(Array(joined)) }
    }
  }
  raw += framer.takeRemainder()
  try agree(raw == input, "the frames do not add up to the stream, in \(how)")
  try agree(data == expected.events.map(\.data), "the framer's data differs, in \(how)")
}

/// Takes the blocks as a whole after every second piece, one by one otherwise.
private func checkBatches(
  _ chunks: [[UInt8]], _ input: [UInt8], _ expected: ReferenceSSE, _ how: String
) throws {
  var framer = SSEFramer()
  var raw: [UInt8] = []
  for (index, chunk) in chunks.enumerated() {
    framer.push(chunk)
    if index % 2 == 0 {
      let peeked = Array(framer.wholeFrames)
      let taken = try framer.takeWholeFrames()
      try agree(peeked == taken, "the blocks taken are not those peeked at, in \(how)")
      try agree(
        taken.isEmpty || taken.last == 0x0A || taken.last == 0x0D,
        "a batch ends inside a line, in \(how)")
      raw += taken
    } else {
      while let frame = try framer.nextFrame() { raw += frame.raw }
    }
  }
  let events = ReferenceSSE(raw).events
  raw += framer.takeRemainder()
  try agree(raw == input, "the batches do not add up to the stream, in \(how)")
  try agree(events == expected.events, "the batches miss an event, in \(how)")
}
