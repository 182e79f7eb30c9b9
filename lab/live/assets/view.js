// Everything that is shown of one run: lanes, table, inbox, code, log, the story of a job.
"use strict";
{
  const h = Live.h;
  const COLUMNS = [ // heading, what it counts, shown also if all are 0
    ["accepted", "Accepted", true], ["refused", "Refused", false], ["done", "Done", true], ["lost", "Lost", true],
    ["late", "Late", false], ["failed", "Failed", false], ["interrupted", "Interrupted", false],
    ["unknown", "Unknown to the second API", false], ["started_twice", "Started twice", false], ["done_twice", "Done twice", false],
  ];
  const TIMES = [["first_end_s", "First end"], ["last_end_s", "Last end"], ["recovered_s", "Recovered after"]];
  const SHOWN_LINES = 300;
  Live.SPAN_S = 40; // of the strips, while a run goes on

  Live.View = class {
    // `link` turns a page's name into an address, `result` a lane and a task into that of a file.
    constructor(root, { link = (page) => page, result = null, compact = false } = {}) {
      this.root = root;
      this.link = link;
      this.result = result;
      this.compact = compact;
      this.span = Live.SPAN_S;
      this.filter = { lane: "", job: "" };
      this.story = h("dialog", { class: "story", "aria-label": "The story of a job" });
      root.append(this.story);
      this.lanesBox = h("div", { class: "lanes" });
      this.tableBox = h("div", { class: "table-box" });
      this.mailBox = h("div", { class: "mail-box" });
      this.codeBox = h("div", { class: "code-box" });
      this.lines = h("div", { role: "log", "aria-live": "polite", "aria-label": "Log of the run" });
      const scrolled = h("div", { class: "log", role: "group", "aria-label": "Log", tabindex: "0" }, this.lines);
      this.laneFilter = h("select", { onchange: () => this.refilter() });
      this.jobFilter = h("input", { type: "number", min: "1", inputmode: "numeric", placeholder: "all", oninput: () => this.refilter() });
      this.machine = h("p", { class: "machine" });
      const log = [
        h("div", { class: "log-tools" }, h("label", {}, "Lane ", this.laneFilter), h("label", {}, "Job ", this.jobFilter),
          h("button", { type: "button", onclick: () => navigator.clipboard?.writeText(this.logText()) }, "Copy"),
          h("button", { type: "button", onclick: () => Live.download("log.txt", this.logText(), "text/plain") }, "Download")),
        scrolled];
      this.sections = compact
        ? [h("details", { class: "more" }, h("summary", {}, "The code of each lane"), this.codeBox),
           h("details", { class: "more" }, h("summary", {}, "The log"), ...log)]
        : [section("Inbox and results", this.mailBox), section("The lines that make the difference", this.codeBox), section("Log", ...log)];
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
        for (const lane of this.lanes ?? []) lane.colors = null;
        this.restedAt = 0;
        this.drawSoon();
      });
      root.append(this.lanesBox, compact ? this.tableBox : section("What became of the jobs", this.tableBox), ...this.sections, this.machine);
    }

    open(about) {
      this.state = Live.begin(about);
      this.lanes = this.state.lanes.map((lane) => new Live.Lane(lane, (job) => this.openStory(job)));
      for (const lane of this.lanes) lane.onResize = () => {
        this.restedAt = 0;
        this.drawSoon();
      };
      this.lanesBox.replaceChildren(...this.lanes.map((lane) => lane.element));
      this.laneFilter.replaceChildren(h("option", { value: "" }, "all"),
        ...about.lanes.map((lane, n) => h("option", { value: n }, lane.title)));
      this.lines.replaceChildren();
      this.written = 0;
      this.restedAt = 0;
      this.mails = -1;
      this.drawnAt = 0;
      this.tableLook = "";
      this.drawCode();
      const machine = about.machine;
      const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`).join(", ");
      this.machine.textContent = `${machine.cpus} CPUs (${machine.cpu}), ${machine.system}, Python ${machine.python}, ${packages}, ${machine.measured_at.slice(0, 10)}. Made by: ${machine.command}`;
      this.draw();
    }

    apply(events) {
      for (const event of events) Live.apply(this.state, event);
      this.drawSoon();
    }

    drawSoon() {
      this.waiting ??= requestAnimationFrame(() => {
        this.waiting = null;
        this.draw();
      });
    }

    draw() {
      const { state } = this;
      const byLane = this.lanes.map(() => []);
      for (const job of state.changed) byLane[job.lane].push(job);
      state.changed.clear();
      this.lanes.forEach((lane, n) => {
        if (byLane[n].length) lane.draw(byLane[n]);
        lane.drawProcesses();
      });
      // What is not a chip changes a few times a second, not with each of the events.
      const now = performance.now();
      const isRest = !this.restedAt || now - this.restedAt > 200;
      if (isRest) {
        this.restedAt = now;
        for (const lane of this.lanes) lane.drawStrip(state.t, this.span);
        this.drawMails();
        this.drawLog();
      }
      const isDue = byLane.some((jobs) => jobs.length) || state.phase === "done" || !this.drawnAt || now - this.drawnAt > 500;
      if (isDue) {
        this.drawnAt = now;
        this.drawTable();
      }
      if (!isRest || !isDue) this.later ??= setTimeout(() => { this.later = null; this.drawSoon(); }, 210);
      this.onDraw?.(state);
    }

    drawTable() {
      const { state } = this;
      const rows = state.lanes.map((lane) => lane.result ?? Live.count(lane));
      const shown = COLUMNS.filter(([key, , always]) => always || rows.some((row) => row[key])).filter(([key]) => !this.compact || !["accepted", "started_twice"].includes(key));
      const times = this.compact ? [] : TIMES.filter(([key]) => !state.lanes.some((lane) => lane.result) || rows.some((row) => row[key] !== undefined && row[key] !== null));
      const frozen = state.lanes.some((lane) => lane.frozen) || !this.compact;
      const guessed = Object.keys(state.guesses).length > 0;
      const heads = ["Lane", ...shown.map(([, title]) => title), ...times.map(([, title]) => title), ...(frozen ? ["Worst /healthz"] : []),
        ...(guessed ? ["Your guess"] : []), ...(this.compact ? [] : ["Promised"]), "As promised?", "Why"];
      const look = JSON.stringify([heads, rows, state.lanes.map((lane) => lane.worst), state.guesses]);
      if (look === this.tableLook) return;
      this.tableLook = look;
      const cell = (title, attributes, ...content) => h("td", { role: "cell", "data-title": title, ...attributes }, ...content);
      const body = state.lanes.map((lane, n) => {
        const { result } = lane;
        const told = this.compact || result; // not while the reader guesses
        const guess = state.guesses[lane.name];
        return h("tr", { role: "row" },
          h("th", { scope: "row", role: "rowheader" }, lane.title),
          ...shown.map(([key, title]) => cell(title, { class: key === "lost" && rows[n][key] ? "number bad" : "number" }, String(rows[n][key] ?? 0))),
          ...times.map(([key, title]) => cell(title, { class: "number" }, result?.[key] === undefined || result[key] === null ? "–" : `${result[key].toFixed(1)} s`)),
          ...(frozen ? [cell("Worst /healthz", { class: lane.worst > Live.LIMIT_MS ? "number bad" : "number" }, lane.beats.length ? Live.seconds(lane.worst) : "–")] : []),
          ...(guessed ? [cell("Your guess", { class: "number" }, guess === undefined ? "–" : `${guess}${result ? (guess === hits(state, result) ? " ✓" : " ✕") : ""}`)] : []),
          ...(this.compact ? [] : [cell("Promised", {}, told ? lane.promise || "–" : "…")]),
          cell("As promised?", { class: "verdict" }, verdict(result)),
          cell("Why", { class: "why" }, told && lane.reason ? h("span", {}, ...withCode(lane.reason), " ") : "", told ? this.readWhy(lane.page) : ""));
      });
      this.tableBox.replaceChildren(h("table", { class: "outcome", role: "table" },
        h("caption", { class: "hidden" }, `What became of the jobs: ${state.about.title}`),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads.map((title) => h("th", { scope: "col", role: "columnheader" }, title)))),
        h("tbody", { role: "rowgroup" }, ...body)));
    }

    readWhy(page) {
      const href = this.link(page);
      return href ? h("a", { href }, "Read why") : h("span", {}, "See ", h("code", {}, `docs/${page}`));
    }

    drawMails() {
      if (this.compact) return;
      const { lanes } = this.state;
      const count = lanes.reduce((sum, lane) => sum + lane.mails.length, 0);
      const files = this.result ? lanes.flatMap((lane, n) => [...lane.jobs.values()].filter((job) => job.kind !== "email" && job.stage === "done").map((job) => [n, job])) : [];
      const look = count * 1000 + files.length;
      if (look === this.mails) return;
      this.mails = look;
      const boxes = lanes.map((lane, n) => {
        const mine = files.filter(([which]) => which === n).slice(0, 12);
        return h("div", { class: "inbox" }, h("h4", {}, lane.title, h("span", { class: "amount" }, ` ${lane.mails.length}`)),
          h("ul", {}, ...lane.mails.slice(-12).map((mail) => h("li", {}, h("b", {}, mail.subject), ` to ${mail.to}`))),
          ...mine.map(([, job]) => {
            const href = this.result(n, job.task);
            return job.kind === "image"
              ? h("a", { href }, h("img", { src: href, alt: `Picture of job ${job.n}`, loading: "lazy" }))
              : h("a", { href, download: true }, `Report of job ${job.n} (PDF)`);
          }));
      });
      this.mailBox.replaceChildren(count || files.length ? h("div", { class: "inboxes" }, ...boxes)
        : h("p", { class: "none" }, "Nothing has arrived yet. E-mails stand here as soon as the mail server of their lane has them, reports and pictures when they are done."));
    }

    drawCode() {
      const lanes = this.state.about.lanes.filter((lane) => lane.code?.length);
      this.codeBox.replaceChildren(...(lanes.length ? lanes.map((lane, n) => h("details", { open: !this.compact && n < 2 },
        h("summary", {}, lane.title),
        ...lane.code.map((part) => h("figure", {}, h("figcaption", {}, `${part.path}, from line ${part.first}`),
          h("pre", { tabindex: "0", "aria-label": `Code of ${part.path}` }, h("code", {}, ...part.lines.map((line, i) =>
            h(part.marks.includes(i) ? "mark" : "span", {}, `${line}\n`))))))))
        : [h("p", { class: "none" }, this.state.about.lanes.some((lane) => lane.code) ? "In this preset the code of the lanes makes no difference that a few lines could show." : "They stand here when a run has begun.")]));
    }

    drawLog() {
      const { log } = this.state;
      if (log.length < this.written) this.refilter();
      if (log.length === this.written) return;
      const fresh = log.slice(this.written).filter((line) => this.matches(line)).slice(-SHOWN_LINES);
      this.written = log.length;
      if (!fresh.length) return;
      this.lines.append(...fresh.map((line) => this.makeLine(line)));
      while (this.lines.childElementCount > SHOWN_LINES) this.lines.firstChild.remove();
    }

    makeLine(line) {
      const lane = line.lane === null ? "" : Live.shortName(this.state.about.lanes[line.lane].name);
      return h("p", {}, h("time", {}, line.t.toFixed(2)), h("span", { class: "who" }, lane), h("span", { class: "what" }, line.job ? `job ${line.job}: ${line.text}` : line.text));
    }

    refilter() {
      this.filter = { lane: this.laneFilter.value, job: this.jobFilter.value };
      this.lines.replaceChildren();
      this.written = 0;
      this.drawLog();
    }

    matches(line) {
      const { lane, job } = this.filter;
      return (lane === "" || line.lane === Number(lane)) && (job === "" || line.job === Number(job));
    }

    logText() {
      return this.state.log.filter((line) => this.matches(line)).map((line) =>
        `${line.t.toFixed(3)}\t${line.lane === null ? "" : this.state.about.lanes[line.lane].name}\t${line.job ? `job ${line.job}: ` : ""}${line.text}`).join("\n") + "\n";
    }

    openStory(job) {
      const lane = this.state.lanes[job.lane];
      const close = h("button", { type: "button", class: "close", onclick: () => this.story.close() }, "Close");
      const file = this.result && job.kind !== "email" && job.stage === "done"
        ? h("p", {}, h("a", { href: this.result(job.lane, job.task) }, "Open what it has made")) : null;
      this.story.replaceChildren(
        h("h2", {}, `Job ${job.n} in ${lane.title}`),
        h("ol", { class: "events" }, ...job.story.map(({ t, text }) => h("li", {}, h("time", {}, `${t.toFixed(2)} s`), text))),
        h("p", {}, job.pid ? `It ran last in process ${job.pid}${job.thread ? `, thread ${job.thread}` : ""}.` : "No process has said that it runs this job."),
        h("p", {}, "Its request, to try by hand:"), h("pre", { tabindex: "0" }, h("code", {}, makeCurl(lane.url ?? "$API", job))),
        ...[job.task ? h("p", {}, "Its id: ", h("code", {}, job.task)) : null, file, close].filter(Boolean));
      this.story.showModal();
    }
  };

  Live.download = (name, text, type) => {
    const url = URL.createObjectURL(new Blob([text], { type }));
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };

  // What a guess is compared with: how many were done, or, where that is asked, accepted or known.
  const hits = ({ about }, { accepted, unknown, done }) => {
    if (/be accepted/.test(about.ask)) return accepted;
    if (/know the status/.test(about.ask)) return accepted - unknown;
    // Of more jobs than the question names, as under overload, the same share counts.
    return accepted > about.jobs ? Math.floor((about.jobs * done) / accepted) : done;
  };
  Live.hits = hits;

  function section(title, ...content) {
    return h("section", { class: "panel" }, h("h2", {}, title), ...content);
  }

  function verdict(result) {
    if (!result) return "…";
    if ((result.as_promised ?? null) === null) return "–";
    return h("span", { class: result.as_promised ? "tick" : "cross" }, result.as_promised ? "✓ yes" : `✕ no: ${result.outcome}`);
  }

  function withCode(text) {
    return text.split("`").map((part, n) => (n % 2 ? h("code", {}, part) : part));
  }

  function makeCurl(url, job) {
    const at = `curl -sS ${url}/${job.kind}s`;
    if (job.kind === "email") return `${at} -H 'Content-Type: application/json' \\\n  -d '{"to": "reader${job.n}@example.com", "subject": "Trial e-mail ${job.n}", "body": "Hello"}'`;
    return job.kind === "report" ? `${at} -F file=@orders.csv -F title=Orders` : `${at} -F file=@picture.png -F operations=thumbnail -F width=32`;
  }
}
