// The live page: its controls, the stream of events, guesses, and the runs so far.
"use strict";
{
  const h = Live.h;
  const $ = (id) => document.getElementById(id);
  const token = document.querySelector('meta[name="token"]').content;
  const BUTTONS = [
    ["kill9_api", "Kill the API", "kill -9"], ["term_api", "Stop the API", "kill -TERM"],
    ["kill9_worker", "Kill the worker", "kill -9 -- -PID"], ["term_worker", "Stop the worker", "kill -TERM"],
    ["kill9_broker", "Kill the broker", "kill -9"], ["freeze_broker", "Freeze the broker", "kill -STOP"], ["thaw_broker", "Thaw the broker", "kill -CONT"],
    ["kill9_mail_server", "Kill the mail server", "kill -9"], ["hold_mail", "Mail waits", "no answer"], ["slow_mail", "Slow mail", "5 s each"],
    ["refuse_mail", "Refuse three", "451, later"], ["refuse_mail_for_ever", "Refuse all", "550, never"], ["release_mail", "Mail as usual", ""],
    ["start_again", "Start what has ended", ""], ["leave_what_ends", "Leave what ends", "no supervisor"], ["restart_what_ends", "Restart what ends", "a supervisor"],
  ];
  const SUPERVISED = ["leave_what_ends", "restart_what_ends"]; // not where the terminal is the supervisor
  let presets = [], preset, view, player = null, running = false, number = null, about = null, events = [], imported = [], site = false, attached = false;

  async function ask(path, body) {
    const answer = await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json", "X-Token": token }, body: JSON.stringify(body) });
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    const { detail } = await answer.json().catch(() => ({ detail: answer.statusText }));
    throw new Error(typeof detail === "string" ? detail : detail.map((each) => `${each.loc.at(-1)}: ${each.msg}`).join("; "));
  }

  async function attempt(action) {
    $("error").textContent = "";
    try {
      return await action();
    } catch (error) {
      $("error").textContent = error instanceof TypeError ? "The lab does not answer. Is it still running in its terminal?" : error.message;
    }
  }

  async function begin() {
    const state = await ask("/api/state");
    presets = state.presets;
    site = state.site;
    attached = state.attached;
    document.querySelector("main").hidden = false;
    view = new Live.View($("view"), {
      link: (page) => (site ? `/site/${page.replace(/(README|index)?\.md/, (_, index) => (index ? "" : "/"))}` : null),
      result: (lane, task) => (player ? null : `/api/results/${lane}/${task}`),
    });
    view.onDraw = showPhase;
    $("presets").replaceChildren(...presets.map((each, n) => h("label", { class: "preset" },
      h("input", { type: "radio", name: "preset", value: each.name, onchange: () => choose(each) }), h("span", {}, h("b", {}, String(n + 1)), ` ${each.title}`))));
    choose(presets.find((each) => each.name === "kill9_api") ?? presets[0]);
    follow();
    showRuns();
  }

  function choose(each) {
    preset = each;
    document.querySelector(`input[name="preset"][value="${each.name}"]`).checked = true;
    $("title").textContent = each.title;
    $("text").textContent = each.text;
    const variants = Object.entries(each.variants);
    $("variant-label").hidden = !variants.length;
    $("variant").replaceChildren(...variants.map(([value, title]) => h("option", { value }, title)));
    $("kind-label").hidden = $("length-label").hidden = !each.kinds.length;
    $("workers-label").hidden = !each.kinds.length || attached;
    $("lanes").closest("fieldset").hidden = each.lanes.length < 2;
    const names = { email: "e-mails", report: "reports", image: "pictures" };
    $("kind").replaceChildren(...each.kinds.map((kind) => h("option", { value: kind }, names[kind])));
    $("jobs").value = each.jobs;
    $("jobs").disabled = each.fixed;
    $("jobs-label").hidden = each.name === "play";
    $("lanes").replaceChildren(...each.lanes.map(({ name, title }) => h("label", { class: "check" },
      h("input", { type: "checkbox", value: name, checked: true }), title)));
    $("ask").closest("label").hidden = each.name === "play";
    if (!running && !player && !events.length) showIdle();
  }

  function showIdle() {
    view.open({ ...preset, preset: preset.name, ask: "", variant: "", length_s: 1, kind: "email",
      lanes: preset.lanes.map((lane) => ({ ...lane, url: "", promise: "", reason: "", page: preset.page, code: null })),
      machine: { cpus: "", cpu: "", system: "", python: "", packages: {}, measured_at: "", command: "" } });
    view.machine.textContent = "";
  }

  async function start() {
    const lanes = [...$("lanes").querySelectorAll("input:checked")].map((each) => each.value);
    if (!lanes.length) throw new Error("Choose at least one lane.");
    leaveReplay();
    const isPlay = preset.name === "play";
    await ask("/api/runs", {
      preset: preset.name, lanes, variant: $("variant").value, ask: !isPlay && $("ask").checked,
      jobs: preset.fixed ? null : Number($("jobs").value), kind: $("kind").value || null, length_s: Number($("length").value),
      workers: preset.kinds.length && $("workers").value ? Number($("workers").value) : null,
    });
  }

  function follow() {
    const source = new EventSource("/api/events");
    source.onopen = () => ($("link").textContent = "");
    source.onerror = () => ($("link").textContent = "The lab does not answer. The page goes on when it is back.");
    source.onmessage = (message) => take(JSON.parse(message.data));
  }

  function take(news) {
    const first = news.findIndex((event) => event.type === "run");
    if (first >= 0) {
      leaveReplay();
      events = [];
      ({ number, about } = news[first]);
      running = true;
      view.open(about);
      $("recording").hidden = true;
      news = news.slice(first + 1);
    }
    events.push(...news);
    if (!player) view.apply(news);
    for (const event of news) if (event.type === "phase" && ["done", "given up"].includes(event.phase)) ended();
  }

  function ended() {
    running = false;
    $("recording").hidden = false;
    setTimeout(showRuns, 200);
  }

  let shown = "", namePids = () => {};
  function showPhase(state) {
    const isPlay = state.about.preset === "play";
    const phase = running || player || events.length ? state.phase : "";
    for (const item of document.querySelectorAll(".phases li")) item.toggleAttribute("aria-current", item.dataset.phase === phase);
    $("play").hidden = !(isPlay && running && !player && phase !== "starting");
    $("start").disabled = running;
    $("error").textContent ||= state.trouble;
    if (isPlay && phase === "fault") namePids();
    if (shown === phase) return;
    shown = phase;
    const words = { starting: "The processes are starting.", posting: "The jobs are being posted.", predict: "The jobs are posted as soon as you have guessed.", fault: "It is broken now. Watch the jobs.", done: "Everything is counted. The table tells what became of the jobs.", "given up": "The run was given up." };
    $("phase").textContent = words[phase] ?? "";
    if (isPlay && phase === "fault") showPlay(state);
    showPredict(state, phase === "predict" && !player);
    Live.group?.show(state);
  }

  function showPredict(state, waits) {
    $("predict").hidden = !waits;
    if (!waits) return;
    $("ask-title").textContent = state.about.ask;
    const commands = state.commands.map((command, n) => (command ? h("li", {}, `${state.about.lanes[n].title}: `, h("code", {}, command)) : null));
    $("guesses").replaceChildren(
      h("div", { class: "guess-row" }, ...state.about.lanes.map((lane) => h("label", {}, lane.title,
        h("input", { type: "number", min: "0", max: String(state.about.jobs), inputmode: "numeric", name: lane.name })))),
      commands.some(Boolean) ? h("details", { class: "commands" }, h("summary", {}, "What the button does"), h("ul", {}, ...commands)) : "",
      h("button", { type: "submit", class: "main" }, Live.nameButton(state)),
      h("button", { type: "button", onclick: () => attempt(() => ask("/api/go", {})) }, "Skip the guess"));
    $("ask-title").focus();
  }

  Live.nameButton = ({ about, commands }) =>
    (commands.some(Boolean) ? `Post the jobs and ${about.button[0].toLowerCase()}${about.button.slice(1)}` : about.button);
  Live.go = (guesses, hands) => attempt(() => ask("/api/go", { guesses, hands }));

  function showPlay(state) {
    const { lanes } = state.about;
    $("where").replaceChildren(h("option", { value: "" }, "all lanes"), ...lanes.map((lane) => h("option", { value: lane.name }, lane.title)));
    const where = () => ($("where").value ? [$("where").value] : []);
    const post = (count) => h("button", { type: "button", onclick: () => attempt(() => ask("/api/jobs", { lanes: where(), kind: $("kind").value || "email", count })) }, `Post ${count}`);
    const roleOf = (fault) => ["api", "worker", "broker"].find((each) => fault.endsWith(each));
    const pid = (fault) => {
      const role = roleOf(fault);
      const chosen = state.lanes.filter((lane) => !where().length || lane.name === where()[0]);
      return role && chosen.length === 1 ? chosen[0].processes[role]?.pid ?? "" : "";
    };
    const label = (fault, command) => {
      if (!command.startsWith("kill")) return command;
      return (command.includes("PID") ? command : `${command} PID`).replace("PID", pid(fault) || "PID");
    };
    const offered = BUTTONS.filter(([fault]) => !attached || !SUPERVISED.includes(fault));
    const codes = offered.map(([, , command]) => (command ? h("code") : ""));
    namePids = () => offered.forEach(([fault, , command], n) => { // a process that was started again has another
      const text = label(fault, command);
      if (command && codes[n].textContent !== text) codes[n].textContent = text;
    });
    const draw = () => $("play-buttons").replaceChildren(post(1), post(8), ...offered.map(([fault, title, command], n) => {
      const able = ["api", undefined].includes(roleOf(fault)) || state.lanes.some((lane) => (!where().length || lane.name === where()[0]) && lane.name.startsWith("03"));
      return h("button", { type: "button", class: command.startsWith("kill") ? "fault" : "", disabled: !able, onclick: () => attempt(() => ask("/api/faults", { lanes: where(), fault })) },
        title, codes[n]);
    }), h("button", { type: "button", class: "main", onclick: () => attempt(() => ask("/api/count", {})) }, "Count"));
    $("where").onchange = () => { draw(); namePids(); };
    $("where").onchange();
  }

  function replay(recording) {
    leaveReplay();
    player = new Live.Player(view, recording);
    $("player").replaceChildren(player.element, h("button", { type: "button", onclick: () => { leaveReplay(); showLast(); } }, "Back to the live lanes"));
    player.playButton.focus();
    player.play();
  }

  function leaveReplay() {
    if (!player) return;
    player.pause();
    player = null;
    view.span = Live.SPAN_S;
    $("player").replaceChildren();
  }

  function showLast() { // it may go on still, so no recording is asked for
    if (!about) return showIdle();
    view.open(about);
    view.apply(events);
  }

  async function showRuns() {
    const runs = await ask("/api/runs");
    const all = [...runs.map((run) => ({ ...run, load: () => ask(`/api/runs/${run.number}/recording`) })),
      ...imported.map((recording, n) => ({ ...recording.about, number: `file ${n + 1}`, at: recording.about.machine.measured_at, load: async () => recording }))];
    $("history").hidden = !all.length;
    $("recording").hidden = running || !runs.length;
    $("runs").replaceChildren(...all.map((run) => h("li", {},
      h("label", { class: "check" }, h("input", { type: "checkbox", onchange: () => attempt(() => compare(all)) , "data-run": run.number }),
        `${run.number}: ${run.title}${run.variant ? `, ${run.variant}` : ""}, ${run.jobs} jobs, ${run.at.slice(11, 19)} UTC`),
      h("button", { type: "button", onclick: () => attempt(async () => replay(await run.load())) }, "Replay"))));
  }

  async function compare(all) {
    const boxes = [...$("runs").querySelectorAll("input:checked")];
    if (boxes.length > 2) boxes.find((box) => box !== document.activeElement).checked = false;
    const chosen = all.filter((run) => $("runs").querySelector(`[data-run="${run.number}"]`)?.checked);
    if (chosen.length !== 2) return $("side-by-side").replaceChildren();
    const recordings = await Promise.all(chosen.map((run) => run.load()));
    const results = recordings.map((recording) => new Map(recording.events.filter((event) => event.type === "result").map((event) => [recording.about.lanes[event.lane].name, event])));
    const lanes = new Map(recordings.flatMap((recording) => recording.about.lanes.map((lane) => [lane.name, lane.title])));
    const tell = (result) => (result ? `${result.done} of ${result.accepted} done, ${result.outcome}${(result.recovered_s ?? null) === null ? "" : `, last effect after ${result.recovered_s.toFixed(1)} s`}` : "–");
    $("side-by-side").replaceChildren(h("table", { class: "outcome two" }, h("caption", { class: "hidden" }, "Two runs side by side"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Lane"), ...chosen.map((run) => h("th", { scope: "col" }, `${run.number}: ${run.title}${run.variant ? `, ${run.variant}` : ""}`)))),
      h("tbody", {}, ...[...lanes].map(([name, title]) => h("tr", {}, h("th", { scope: "row" }, title), ...results.map((each, n) => h("td", { "data-title": String(chosen[n].number) }, tell(each.get(name)))))))));
  }

  $("start").addEventListener("click", () => attempt(start));
  $("reset").addEventListener("click", () => attempt(async () => {
    if (player) { leaveReplay(); showLast(); }
    await ask("/api/reset", {});
  }));
  $("guesses").addEventListener("submit", (event) => {
    event.preventDefault();
    const guesses = {};
    for (const input of $("guesses").querySelectorAll("input")) if (input.value !== "") guesses[input.name] = Number(input.value);
    Live.go(guesses, {});
  });
  $("replay").addEventListener("click", () => attempt(async () => replay(await ask(`/api/runs/${number}/recording`))));
  $("download").addEventListener("click", () => (location.href = `/api/runs/${number}/recording`));
  $("import").addEventListener("change", (event) => attempt(async () => {
    const text = await event.target.files[0].text();
    event.target.value = "";
    let recording;
    try {
      recording = Live.check(JSON.parse(text));
    } catch (error) {
      throw new Error(error instanceof SyntaxError ? "This file is no JSON, so it is no recording." : error.message);
    }
    imported.push(recording);
    await showRuns();
    replay(recording);
  }));
  $("group").addEventListener("click", () => Live.group.open(view.state));
  attempt(begin);
}
