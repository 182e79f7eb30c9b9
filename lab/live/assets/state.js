// What is known of a run: made from its events alone, so that a recording shows the same as the run.
"use strict";
const Live = (globalThis.Live ??= {});

Live.LIMIT_MS = 250; // a /healthz above this is in the red band
const MOST_BEATS = 6000, MOST_LINES = 4000;
const OPEN = ["asked", "queued", "running"];

Live.begin = (about) => ({
  about, t: 0, phase: "starting", commands: [], guesses: {}, hands: {}, log: [], trouble: "",
  lanes: about.lanes.map((lane) => ({
    ...lane, jobs: new Map(), byTask: new Map(), early: new Map(), processes: {}, beats: [],
    worst: 0, mails: [], result: null, hasWorker: false,
  })),
  changed: new Set(), // jobs whose chips are to be drawn anew
});

Live.apply = (state, event) => {
  state.t = Math.max(state.t, event.t);
  const lane = event.lane === undefined || event.lane === null ? null : state.lanes[event.lane];
  handlers[event.type]?.(state, event, lane);
};

Live.isOpen = (job) => OPEN.includes(job.stage);

Live.count = (lane) => {
  const counts = { accepted: 0, refused: 0, done: 0, lost: 0, late: 0, failed: 0, interrupted: 0, started_twice: 0 };
  for (const job of lane.jobs.values()) {
    if (job.stage === "refused") counts.refused++;
    else if (job.task) counts.accepted++;
    if (job.stage in counts && job.stage !== "refused") counts[job.stage]++;
    if (job.starts > 1) counts.started_twice++;
  }
  return counts;
};

const handlers = {
  ready(state, event) {
    event.urls.forEach((url, n) => (state.lanes[n].url = url));
  },
  phase(state, event) {
    state.phase = event.phase;
    if (event.commands) state.commands = event.commands;
    const words = { predict: "the lanes wait for your guess", fault: "the fault", done: "counted", "given up": "given up" };
    if (words[event.phase]) say(state, event, null, words[event.phase]);
  },
  guess(state, event) {
    state.guesses = event.guesses;
    state.hands = event.hands;
  },
  process(state, event, lane) {
    const before = lane.processes[event.part];
    if (before?.up && before.pid !== event.pid) // it was started again before anybody looked
      handlers.process(state, { ...event, pid: before.pid, up: false, code: -9 }, lane);
    const ended = lane.processes[event.part];
    lane.processes[event.part] = { pid: event.pid, up: event.up, code: event.code };
    if (event.part === "worker") lane.hasWorker = true;
    if (event.up && ended && !ended.up) say(state, event, null, `${event.part} is started again as process ${event.pid}`);
    else if (event.up && !ended) say(state, event, null, `${event.part} is process ${event.pid}`, true);
    else if (!event.up) say(state, event, null, `${event.part}, process ${event.pid}, has ended (${ending(event.code ?? 0)})`);
    if (event.up) return;
    // What ran in it, or waited in its memory, is in doubt until somebody tells of it again.
    for (const job of lane.jobs.values()) {
      const held = event.part === "api" ? !lane.hasWorker && Live.isOpen(job) : job.stage === "running";
      if (held && (event.part === "api" || event.part === "worker")) touch(state, job, { doubt: true });
    }
  },
  signal(state, event) {
    say(state, event, null, event.command);
  },
  asked(state, event, lane) {
    for (const n of event.jobs) {
      const job = { n, lane: event.lane, kind: event.kind, stage: "asked", starts: 0, story: [], doubt: false };
      lane.jobs.set(n, job);
      note(state, event, job, `POST /${event.kind}s`, true);
      touch(state, job, {});
    }
    say(state, event, null, `POST /${event.kind}s, ${event.jobs.length} times`);
  },
  accepted(state, event, lane) {
    const job = lane.jobs.get(event.job);
    lane.byTask.set(event.task, job);
    touch(state, job, { task: event.task, stage: job.stage === "asked" ? "queued" : job.stage });
    note(state, event, job, `202 after ${event.ms} ms`);
    for (const told of lane.early.get(event.task) ?? []) handlers.ledger(state, told, lane);
    lane.early.delete(event.task);
  },
  refused(state, event, lane) {
    const job = lane.jobs.get(event.job);
    touch(state, job, { stage: "refused", code: event.code });
    const after = event.ms < 1000 ? `${event.ms} ms` : `${(event.ms / 1000).toFixed(1)} s`;
    note(state, event, job, `${event.code ?? "no answer"} after ${after}`);
  },
  ledger(state, event, lane) {
    const job = lane.byTask.get(event.task);
    if (!job) {
      lane.early.set(event.task, [...(lane.early.get(event.task) ?? []), event]);
      return;
    }
    if (event.event === "accepted") return; // the 202 says it
    const where = event.pid ? `process ${event.pid}${event.thread ? `, ${event.thread}` : ""}` : "";
    if (event.event === "started") {
      touch(state, job, { stage: "running", starts: job.starts + 1, pid: event.pid, thread: event.thread, doubt: false });
      note(state, event, job, `started in ${where}${job.starts > 1 ? `, for the ${ordinal(job.starts)} time` : ""}`);
      return;
    }
    const stage = { finished: "done", failed: "failed", cancelled: "cancelled", interrupted: "interrupted",
      retried: "queued", "put back": "queued", resent: "queued" }[event.event];
    if (stage) touch(state, job, { stage, doubt: false });
    note(state, event, job, `${event.event.replace("_", " ")}${event.error ? `: ${event.error}` : ""}`);
  },
  mail(state, event, lane) {
    const job = lane.byTask.get(event.task);
    lane.mails.push({ ...event, job: job?.n });
    if (job) note(state, event, job, "arrived at the mail server");
  },
  health(state, event) {
    for (const [n, times] of Object.entries(event.beats)) {
      const lane = state.lanes[n];
      if (lane.result) continue; // its processes may be given up now
      times.forEach((ms, i) => {
        lane.answers = ms !== null;
        lane.beats.push([event.t - (times.length - 1 - i) * 0.1, ms]);
        if (ms !== null) lane.worst = Math.max(lane.worst, ms);
      });
      if (lane.beats.length > MOST_BEATS) lane.beats.splice(0, MOST_BEATS / 2);
    }
  },
  result(state, event, lane) {
    lane.result = event;
    for (const [task, fate] of Object.entries(event.fates)) {
      const job = lane.byTask.get(task);
      if (!job) continue;
      const stage = fate === "finished" ? "done" : fate;
      if (job.stage !== stage || job.doubt) {
        touch(state, job, { stage, doubt: false });
        if (stage !== "done") note(state, event, job, stage);
      }
    }
    say(state, event, null, `counted: ${event.outcome}`);
  },
  trouble(state, event) {
    state.trouble = event.sentence;
    say(state, event, null, event.sentence);
  },
};

function touch(state, job, facts) {
  Object.assign(job, facts);
  state.changed.add(job);
}

function note(state, event, job, text, quiet) {
  job.story.push({ t: event.t, text });
  if (!quiet) say(state, event, job, text);
}

function say(state, event, job, text) {
  state.log.push({ t: event.t, lane: event.lane ?? null, job: job?.n ?? null, text });
  if (state.log.length > MOST_LINES) state.log.splice(0, MOST_LINES / 2);
}

const ending = (code) => (code < 0 ? `signal ${-code}` : `code ${code}`);
const ordinal = (n) => (n === 2 ? "second" : n === 3 ? "third" : `${n}th`);
