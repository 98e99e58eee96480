import KinoraHTTP
import KinoraModel

/// `GET /studio`: a page that makes videos through the public routes, as any other client does.
extension APIService {
  /// The page is for everybody; what it asks for is not, and it asks for a key where one is wanted.
  func studio(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      let nonce = entropy.bytes(16).map { String(Int($0) + 256, radix: 16).dropFirst() }.joined()
      var response = Answer.text(StudioPage.html(nonce: nonce), type: "text/html; charset=utf-8")
      response.fields.append("Content-Security-Policy", StudioPage.policy(nonce: nonce))
      response.fields.append("X-Content-Type-Options", "nosniff")
      response.fields.append("Referrer-Policy", "no-referrer")
      // A nonce is for one answer.
      response.fields.append("Cache-Control", "no-store")
      return response
    }
  }
}
