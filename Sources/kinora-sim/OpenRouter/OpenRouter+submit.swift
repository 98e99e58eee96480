import KinoraHTTP
import KinoraModel

extension OpenRouter {
  /// `POST /videos`: 202 with exactly three keys.
  func submit(_ call: Call) -> Route {
    let prompt = call.json?["prompt"]?.string ?? ""
    let subject = Route.Subject(
      prompt: prompt, model: call.json?["model"]?.string ?? "", identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(OpenRouterWish.Refusal) {
        let wish = try OpenRouterWish(call.json, jobs: world.jobs)
        var job = Job(
          id: newID(isAlpha: call.path[1] == "alpha"), provider: name, kind: "video",
          model: wish.model.id, prompt: prompt, created: now(), shape: wish.shape,
          cost: wish.cost)
        job.details = ["path": .string("/openrouter/api/\(call.path[1])/videos")]
        let made = await world.create(job, route: subject).job
        return .json(
          202,
          [
            "id": .string(made.id), "polling_url": .string(pollingURL(made, call)),
            "status": "pending",
          ])
      } catch {
        return error.response
      }
    }
  }

  private func newID(isAlpha: Bool) -> String {
    if isAlpha { return "vgen_\(world.dice.alphanumeric(20))" }
    return "gen-vid-\(now() / 1000)-\(world.dice.alphanumeric(20))"
  }
}
