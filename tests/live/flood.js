// Shows 500 chips in a view of its own while events arrive; returns frames and events a second.
async ([lanes, jobs, perSecond, seconds]) => {
  const box = document.createElement("div");
  document.querySelector("main").append(box);
  const view = new Live.View(box);
  const names = Array.from({ length: lanes }, (_, n) => ({ name: `lane${n}`, title: `Lane ${n}`, url: "" }));
  const machine = { packages: {}, measured_at: "", command: "" };
  view.open({ title: "", ask: "", jobs, lanes: names, machine });

  const numbers = Array.from({ length: jobs }, (_, n) => n + 1);
  view.apply(names.map((_, lane) => ({ t: 0, type: "asked", lane, kind: "email", jobs: numbers })));
  const events = numbers.flatMap((job) => names.flatMap((_, lane) => {
    const facts = { t: 0, lane, task: `${lane}-${job}` };
    return [{ ...facts, type: "accepted", job, ms: 1 }, { ...facts, type: "ledger", event: "started", pid: 1 },
      { ...facts, type: "ledger", event: "finished" }];
  }));
  await new Promise(requestAnimationFrame);

  let frames = 0, sent = 0;
  const began = performance.now();
  await new Promise((done) => {
    const frame = (now) => {
      frames++;
      const due = Math.floor(((now - began) / 1000) * perSecond);
      view.apply(events.slice(sent, due));
      sent = Math.max(sent, due);
      if (now - began < seconds * 1000) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  });
  const passed = (performance.now() - began) / 1000;
  const chips = box.querySelectorAll(".chip").length, lines = box.querySelectorAll(".log p").length;
  box.remove();
  return { frames: frames / passed, events: sent / passed, chips, lines };
}
