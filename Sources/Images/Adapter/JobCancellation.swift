internal import HTTP

/// How a job is cancelled at its provider, and what the answer says.
struct JobCancellation {
  let request: ClientRequest
  /// Whether an answer tells that the job was done before: it is paid for, and its pictures are
  /// there.
  let isTooLate: (ClientAnswer) -> Bool
}
