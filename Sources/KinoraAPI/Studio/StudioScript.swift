/// What `/studio` runs, first part: how it speaks to the daemon, and how it shows what it knows.
enum StudioScript {
  /// Requests. A 401 shows the field for a key, and the request goes on when there is one.
  static let talk = #"""
    const $ = (id) => document.getElementById(id);
    const keep = sessionStorage;
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

    // What the daemon refused, in its own words.
    class Refusal extends Error {
      constructor(status, problem) {
        super(problem.detail ?? problem.error?.message ?? `The answer was ${status}.`);
        this.status = status;
        this.code = problem.error?.code;
      }
    }

    let access = null;
    const wantKey = () => access ??= new Promise((done) => {
      const had = keep.getItem("kinora.key") !== null;
      keep.removeItem("kinora.key");
      $("key-help").firstChild.data = had ? "This key is not known here (any more). " : "This "
        + "address wants a key; ";
      $("access").hidden = false;
      $("key").focus();
      $("access").onsubmit = (event) => {
        event.preventDefault();
        const key = $("key").value.trim();
        // A field of a header can hold no more than this.
        if (!/^[\x21-\x7e]+$/.test(key)) return $("key").select();
        keep.setItem("kinora.key", key);
        $("key").value = "";
        $("access").hidden = true;
        access = null;
        done();
      };
    });

    async function call(method, path, { body, fields = {}, signal } = {}) {
      for (;;) {
        const key = keep.getItem("kinora.key");
        const headers = { ...fields };
        if (key) headers.authorization = `Bearer ${key}`;
        if (body) headers["content-type"] = "application/json";
        const answer = await fetch(path, { method, headers, body, signal, cache: "no-store" });
        if (answer.ok) return answer;
        if (answer.status !== 401) {
          throw new Refusal(answer.status, await answer.json().catch(() => ({})));
        }
        // Somebody may have given another key while this one was on its way.
        if (key === keep.getItem("kinora.key")) await wantKey();
      }
    }
    const json = async (...all) => (await call(...all)).json();
    """#

  /// What is seen. Texts are set as texts; nothing that came from anywhere becomes markup.
  static let view = #"""
    let models = new Map();
    let usual = "";
    const choices = ["seconds", "aspect_ratio", "resolution", "size"];
    const dollars = (micro) => "$" + (micro / 1e6).toFixed(6).replace(/0{1,4}$/, "");

    function enter(state) {
      const busy = state === "generating";
      $("state").value = state;
      document.title = state === "idle" ? "Kinora Studio" : `${state} - Kinora Studio`;
      $("fields").disabled = busy;
      $("generate").textContent = busy ? "Generating..." : "Generate Video";
      $("run").hidden = !busy;
      $("error").hidden = state !== "error";
      $("result").hidden = state !== "success";
      $("clear").hidden = busy || state === "idle";
    }

    function option(value, text, off = false) {
      const made = new Option(text, value);
      made.disabled = off;
      return made;
    }

    async function listModels() {
      const list = (await json("GET", "/v1/models")).data.filter(
        (model) => !model.output_modalities || model.output_modalities.includes("video"));
      models = new Map(list.map((model) => [model.id, model.kinora]));
      $("model").append(...list.map((model) => {
        const off = model.kinora.ready === false;
        const text = off ? `${model.id} (${model.kinora.reason})` : model.id;
        return option(model.id, text, off);
      }));
      showChoices();
    }

    // Of a range only as many lengths as a person would look through.
    function lengths(seconds) {
      if (Array.isArray(seconds)) return seconds;
      if (!seconds) return [];
      const all = [];
      const step = Math.max(seconds.step || 1, (seconds.max - seconds.min) / 60);
      for (let at = seconds.min; at <= seconds.max + 1e-9; at += step) all.push(+at.toFixed(3));
      return all;
    }

    function showChoices() {
      const model = models.get($("model").value || usual) ?? {};
      const offered = {
        seconds: lengths(model.seconds), aspect_ratio: model.aspect_ratios ?? [],
        resolution: model.resolutions ?? [],
        size: model.aspect_ratios?.length || model.resolutions?.length ? [] : model.sizes ?? [],
      };
      for (const name of choices) {
        const before = $(name).value;
        const unit = name === "seconds" ? " s" : "";
        const own = name === "seconds" && model.default_seconds;
        $(name).replaceChildren(option("", own ? `Default (${own} s)` : "Default"),
          ...offered[name].map((value) => option(value, value + unit)));
        $(name).value = before;
        if ($(name).selectedIndex < 0) $(name).value = "";
        $(name).parentElement.hidden = offered[name].length === 0;
      }
    }

    // The model that is used when none is named, once a quote has told it.
    function showUsual(model) {
      usual = model;
      $("model").options[0].text = `Default (${model})`;
      showChoices();
    }

    function wanted() {
      const body = { prompt: $("prompt").value.trim() };
      for (const name of ["model", ...choices]) {
        const value = $(name).value;
        if (value) body[name] = name === "seconds" ? Number(value) : value;
      }
      return body;
    }

    function showJob(job) {
      const told = job.kinora.progress_permille;
      $("status").textContent = job.status + (told === null ? "" : `, ${job.progress} %`);
      if (told === null) $("progress").removeAttribute("value");
      else $("progress").value = job.progress;
      const hint = job.kinora.note ?? job.kinora.notice?.timing_line ?? "";
      $("note").textContent = cancelling ? "Cancelling..." : hint;
      if (!$("prompt").value) $("prompt").value = job.prompt ?? "";
    }

    function showError(error) {
      $("error").textContent = `Error: ${error.message}`;
      enter("error");
    }

    // A media element sends no key, so the file is fetched with it. Where no key is wanted the
    // element reads the address itself, range by range.
    async function showFiles(job, signal) {
      const made = await Promise.all(job.kinora.artifacts.map(async (file) => {
        const isImage = file.mime.startsWith("image/");
        const shown = document.createElement(isImage ? "img" : "video");
        const link = document.createElement("a");
        shown.onerror = () => {
          $("word").textContent = "This browser cannot play the file; download it instead.";
        };
        let address = file.url;
        if (keep.getItem("kinora.key")) {
          const answer = await call("GET", file.url, { signal });
          address = URL.createObjectURL(await answer.blob());
        }
        shown.src = link.href = address;
        shown.width = 640;
        if (isImage) shown.alt = job.prompt ?? "";
        else Object.assign(shown, { controls: true, playsInline: true, preload: "metadata" });
        link.download = `${job.id}.${file.mime.split("/")[1]}`;
        link.textContent = "Download";
        const line = document.createElement("p");
        line.append(link);
        return [shown, line];
      }));
      signal.throwIfAborted();
      $("files").replaceChildren(...made.flat());
      const cost = job.kinora.cost;
      $("cost").textContent = `${job.model}, ${dollars(cost.settled_microusd
        ?? cost.quoted_microusd ?? 0)}`;
    }
    """#
}
