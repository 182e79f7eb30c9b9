// Draws the lanes: processes, chips that move, and the strip of /healthz.
"use strict";
{
  const STAGES = [["asked", "Asked"], ["queued", "Accepted"], ["running", "Running"], ["done", "Done"], ["tray", "Not done"]];
  const SIGNS = { asked: "…", queued: "", running: "▸", done: "✓", lost: "✕", failed: "F", interrupted: "I", late: "L", cancelled: "C" };
  const WORDS = { asked: "asked, no answer yet", queued: "accepted, waits", running: "running", done: "done", lost: "lost",
    failed: "failed", interrupted: "interrupted", late: "late", refused: "refused", cancelled: "cancelled" };
  const MANY = 60; // chips of a lane that still have a number and move
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  Live.h = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((each) => each !== null && each !== undefined));
    return element;
  };
  const h = Live.h;

  Live.shortName = (name) => name.replace(/^0(\d)_[a-z_]+/, "0$1");

  Live.Lane = class {
    constructor(lane, openStory) {
      this.lane = lane;
      this.chips = new Map();
      this.state = h("span", { class: "lane-state" });
      this.processes = h("ul", { class: "processes" });
      this.slots = Object.fromEntries(STAGES.map(([stage, title]) => [stage,
        h("div", { class: "slot", "data-slot": stage, role: "group", "aria-label": `${title}, ${lane.title}` })]));
      this.counts = Object.fromEntries(STAGES.map(([stage]) => [stage, h("b", {}, "0")]));
      this.canvas = h("canvas", { class: "strip", role: "img", "aria-label": "No /healthz was asked yet" });
      // Asked for its size, the browser would lay out the whole page, many times a second.
      this.size = { wide: 0, high: 0 };
      new ResizeObserver(([{ contentRect }]) => {
        this.size = { wide: contentRect.width, high: contentRect.height };
        this.onResize?.();
      }).observe(this.canvas);
      this.worst = h("span", { class: "worst" });
      this.board = h("div", { class: "board" },
        ...STAGES.map(([stage, title]) => h("div", { class: `stage stage-${stage}` },
          h("div", { class: "stage-name" }, title, " ", this.counts[stage]), this.slots[stage])));
      this.element = h("section", { class: "lane", "aria-label": lane.title },
        h("header", { class: "lane-head" },
          h("h3", {}, h("span", { class: "lane-number" }, Live.shortName(lane.name)), lane.title, this.state), this.processes),
        this.board,
        h("div", { class: "health" }, h("span", { class: "health-name" }, "/healthz"), this.canvas, this.worst));
      this.board.addEventListener("keydown", (event) => this.walk(event));
      this.board.addEventListener("click", (event) => {
        const chip = event.target.closest(".chip");
        if (chip) openStory(this.lane.jobs.get(Number(chip.dataset.n)));
      });
    }

    draw(jobs) { // only those that have changed
      const many = this.lane.jobs.size > MANY;
      this.board.classList.toggle("many", many);
      const glide = !many && !still() && jobs.length <= 24 && this.element.isConnected;
      const before = glide ? jobs.map((job) => this.chips.get(job.n)?.getBoundingClientRect()) : [];
      for (const job of jobs) this.place(job);
      if (glide) jobs.forEach((job, i) => before[i] && this.glide(this.chips.get(job.n), before[i]));
      for (const [stage] of STAGES) {
        const text = String(this.slots[stage].childElementCount);
        if (this.counts[stage].textContent !== text) this.counts[stage].textContent = text;
      }
      if (!this.board.querySelector('.chip[tabindex="0"]')) this.board.querySelector(".chip")?.setAttribute("tabindex", "0");
    }

    place(job) {
      let chip = this.chips.get(job.n);
      if (!chip) {
        chip = h("button", { type: "button", class: "chip", "data-n": job.n, tabindex: "-1" });
        this.chips.set(job.n, chip);
      }
      const slot = this.slots[job.stage in this.slots ? job.stage : "tray"];
      if (chip.parentNode !== slot) slot.append(chip);
      const sign = job.stage === "refused" ? String(job.code ?? "✕") : job.doubt ? "?" : SIGNS[job.stage];
      const twice = job.starts > 1 ? ` ×${job.starts}` : "";
      const look = `${job.stage}|${sign}${twice}|${job.doubt}`;
      if (chip.dataset.look === look) return;
      chip.dataset.look = look;
      chip.dataset.stage = job.stage;
      chip.classList.toggle("doubt", job.doubt);
      const text = job.stage === "refused" ? sign : `${job.n}${sign}${twice}`;
      chip.textContent = text;
      chip.setAttribute("aria-label", `Job ${job.n}: ${WORDS[job.stage] ?? job.stage}${job.doubt ? ", its process has ended" : ""}` +
        (job.starts > 1 ? `, started ${job.starts} times` : ""));
    }

    glide(chip, from) {
      const to = chip.getBoundingClientRect();
      const x = from.left - to.left, y = from.top - to.top;
      if (x || y) chip.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 320, easing: "cubic-bezier(.2,.7,.2,1)" });
    }

    walk(event) {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const chips = [...this.board.querySelectorAll(".chip")];
      const at = chips.indexOf(document.activeElement);
      if (!step || at < 0) return;
      event.preventDefault();
      chips[at].tabIndex = -1;
      const next = chips[(at + step + chips.length) % chips.length];
      next.tabIndex = 0;
      next.focus();
    }

    drawProcesses() {
      const list = Object.entries(this.lane.processes);
      const look = JSON.stringify([list, this.lane.answers, Boolean(this.lane.result)]);
      if (look === this.look) return;
      this.look = look;
      const api = this.lane.processes.api;
      const isUp = api?.up && (this.lane.answers !== false || this.lane.result);
      this.state.textContent = !api ? "" : isUp ? "up" : api.up ? "starts" : "down";
      this.state.dataset.up = api ? String(Boolean(isUp)) : "";
      this.processes.replaceChildren(...list.map(([role, { pid, up }]) =>
        h("li", { "data-up": String(up) }, `${role} `, h("code", {}, pid), up ? "" : " ended")));
    }

    drawStrip(now, span) { // the last `span` seconds
      const { beats, worst } = this.lane;
      const ratio = globalThis.devicePixelRatio || 1, { wide, high } = this.size;
      if (!wide) return;
      if (this.canvas.width !== Math.round(wide * ratio)) {
        this.canvas.width = Math.round(wide * ratio);
        this.canvas.height = Math.round(high * ratio);
      }
      this.colors ??= readColors(this.canvas);
      const pen = this.canvas.getContext("2d"), color = (name) => this.colors[name];
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, wide, high);
      // From 1 ms to 30 s: a logarithm, so that 5 ms and 19 s are both seen.
      const y = (ms) => high - 2 - (Math.log10(Math.max(1, ms)) / Math.log10(30000)) * (high - 4);
      const from = Math.max(0, now - span), x = (t) => ((t - from) / span) * wide;
      pen.fillStyle = color("--band");
      pen.fillRect(0, 0, wide, y(Live.LIMIT_MS));
      pen.strokeStyle = color("--bad");
      pen.setLineDash([3, 3]);
      pen.lineWidth = 1;
      pen.beginPath(); pen.moveTo(0, y(Live.LIMIT_MS)); pen.lineTo(wide, y(Live.LIMIT_MS)); pen.stroke();
      pen.setLineDash([]);
      pen.lineWidth = 1.6;
      let last = null;
      for (const [t, ms] of beats) {
        if (t < from) continue;
        if (ms === null) {
          pen.fillStyle = color("--soft");
          pen.fillRect(x(t), high - 4, Math.max(3, x(t + 0.14) - x(t)), 4);
          last = null;
          continue;
        }
        const here = [x(t), y(ms), ms];
        pen.strokeStyle = color(ms > Live.LIMIT_MS ? "--bad" : "--line");
        pen.beginPath();
        pen.moveTo(...(last ? last.slice(0, 2) : [here[0] - 1, here[1]]));
        pen.lineTo(here[0], here[1]);
        pen.stroke();
        last = here;
      }
      const text = beats.length ? `worst ${Live.seconds(worst)}` : "";
      if (this.worst.textContent !== text) {
        this.worst.textContent = text;
        this.worst.classList.toggle("bad", worst > Live.LIMIT_MS);
        this.canvas.setAttribute("aria-label", `/healthz of ${this.lane.title}: ${text}, red above ${Live.LIMIT_MS} ms`);
      }
    }
  };

  function readColors(element) {
    const style = getComputedStyle(element);
    return Object.fromEntries(["--band", "--bad", "--soft", "--line"].map((name) => [name, style.getPropertyValue(name).trim()]));
  }

  Live.seconds = (ms) => (ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms} ms`);
}
