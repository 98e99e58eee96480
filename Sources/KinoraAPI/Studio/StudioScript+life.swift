/// What `/studio` runs, second part: a job from the press of a button to its end.
extension StudioScript {
  /// The id stands in the address, so that a reload, a bookmark and the way back find the job.
  /// A POST that is not answered yet stands in the tab's own store with its idempotency key, so
  /// that no double click, reload or lost answer pays twice.
  static let life = #"""
    let going = new AbortController();
    let job = null;
    let cancelling = false;

    // Where only the way there failed, or the daemon is about to come back.
    const passes = (error) => error.name !== "AbortError"
      && (!(error instanceof Refusal) || error.status >= 500);

    function begin() {
      going.abort();
      going = new AbortController();
      job = null;
      cancelling = false;
      $("word").textContent = $("note").textContent = "";
      $("status").textContent = "starting...";
      $("progress").removeAttribute("value");
      $("job").hidden = true;
      $("cancel").disabled = false;
      enter("generating");
      return going.signal;
    }

    function name(id) {
      job = id;
      keep.removeItem("kinora.pending");
      history.replaceState(null, "", `#${id}`);
      $("id").textContent = id;
      $("job").hidden = false;
    }

    function pending(body) {
      const before = JSON.parse(keep.getItem("kinora.pending") ?? "null");
      if (before?.body === body) return before.key;
      const random = crypto.getRandomValues(new Uint8Array(16));
      const key = "studio-" + Array.from(random, (byte) => byte.toString(16)).join("-");
      keep.setItem("kinora.pending", JSON.stringify({ key, body }));
      return key;
    }

    async function generate(body) {
      const key = pending(body);
      const signal = begin();
      // Not Cancel itself: an Enter that is held down would press it.
      $("run").focus();
      try {
        const made = await patiently(signal, 5, () => json("POST", "/v1/videos",
          { body, signal, fields: { "idempotency-key": key } }));
        name(made.id);
        showJob(made);
        if (cancelling) cancel();
        await follow(made.id, signal);
      } catch (error) {
        // A refusal proves that nothing was made; then the next press is a new wish.
        if (error instanceof Refusal && error.status < 500) keep.removeItem("kinora.pending");
        if (error.name !== "AbortError") showError(error);
      }
    }

    // Does it until it is answered, at most `times` times.
    async function patiently(signal, times, work) {
      for (let turn = 1; ; turn += 1) {
        try {
          return await work();
        } catch (error) {
          signal.throwIfAborted();
          if (turn >= times || !passes(error)) throw error;
          $("note").textContent = error instanceof Refusal ? error.message
            : "No answer; trying again.";
          await sleep(2000);
          signal.throwIfAborted();
        }
      }
    }

    async function resume(id) {
      const signal = begin();
      name(id);
      try {
        const path = `/v1/videos/${id}`;
        showJob(await patiently(signal, Infinity, () => json("GET", path, { signal })));
        await follow(id, signal);
      } catch (error) {
        if (error.name !== "AbortError") showError(error);
      }
    }

    async function follow(id, signal) {
      for (;;) {
        const seen = await patiently(signal, Infinity,
          () => json("GET", `/v1/videos/${id}?wait=2`, { signal }));
        showJob(seen);
        if (seen.status === "completed") return finish(seen, signal);
        if (seen.status !== "failed") continue;
        if (seen.error?.code === "cancelled") return cancelled(seen);
        throw new Refusal(409, { detail: seen.error?.message, error: seen.error });
      }
    }

    async function finish(seen, signal) {
      $("status").textContent = "completed, fetching the file";
      $("cancel").disabled = true;
      await patiently(signal, 3, () => showFiles(seen, signal));
      enter("success");
      $("files").querySelector("video")?.focus();
    }

    // While the POST is on its way there is nothing to name yet. A job that is over by now cannot
    // be cancelled, and its end is told by the next look.
    async function cancel() {
      $("cancel").disabled = true;
      cancelling = true;
      if (!job) return;
      $("note").textContent = "Cancelling...";
      const { signal } = going;
      try {
        await patiently(signal, 5, () => call("POST", `/v1/videos/${job}/cancel`, { signal }));
      } catch (error) {
        if (error.name === "AbortError" || error.status === 409) return;
        $("cancel").disabled = false;
        $("note").textContent = error.message;
      }
    }

    function cancelled(seen) {
      clear();
      const open = seen.kinora.cost.reserved_microusd || seen.kinora.cost.settled_microusd;
      $("word").textContent = open
        ? `Cancelled. The provider had it already and may charge ${dollars(open)}.` : "Cancelled.";
    }

    function clear() {
      going.abort();
      keep.removeItem("kinora.pending");
      history.replaceState(null, "", location.pathname);
      for (const shown of $("files").querySelectorAll("video,img")) URL.revokeObjectURL(shown.src);
      $("files").replaceChildren();
      $("error").textContent = $("word").textContent = "";
      enter("idle");
      $("prompt").focus();
    }

    // The price, before it is paid. What is wrong with the wish is told here as well.
    let turn = 0;
    async function quote() {
      const mine = ++turn;
      await sleep(400);
      if (mine !== turn) return;
      const body = wanted();
      body.prompt ||= "-";
      let words;
      try {
        const answer = await json("POST", "/v1/quote", { body: JSON.stringify(body) });
        words = `Costs ${dollars(answer.microusd)} (${answer.model}: ${answer.basis})`;
        if (!body.model && usual !== answer.model) showUsual(answer.model);
      } catch (error) {
        words = error instanceof Refusal ? error.message : "";
      }
      if (mine === turn) $("quote").value = words;
    }

    function press(event) {
      event.preventDefault();
      if ($("state").value === "generating" || !wanted().prompt) return;
      generate(JSON.stringify(wanted()));
    }

    function start() {
      const id = /^#(video_\w+)$/.exec(location.hash)?.[1];
      const before = JSON.parse(keep.getItem("kinora.pending") ?? "null");
      if (id) return resume(id);
      if (!before) return;
      $("prompt").value = JSON.parse(before.body).prompt;
      generate(before.body);
    }

    $("form").onsubmit = press;
    $("form").oninput = (event) => { if (event.target.id !== "prompt") quote(); };
    $("model").onchange = showChoices;
    $("prompt").onkeydown = (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      $("form").requestSubmit();
    };
    $("cancel").onclick = cancel;
    $("clear").onclick = clear;
    window.onhashchange = start;
    start();
    listModels().then(quote).catch((error) => { $("word").textContent = error.message; });
    """#
}
